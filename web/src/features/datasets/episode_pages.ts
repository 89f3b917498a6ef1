/**
 * The episodes of one dataset, fetched by pages as they are looked at, and fetched again when the dataset
 * changes. Without React, so that it can be tested.
 */
import type { EpisodePage } from "@/ros/commands.ts";
import type { Camera, Episode } from "@/ros/messages.ts";

export const PAGE = 100;

export interface EpisodesState {
  /** null until the first page has arrived. */
  readonly dataset: {
    readonly format: string;
    readonly rate: number;
    readonly cameras: readonly Camera[];
    readonly problems: readonly string[];
  } | null;
  /** In the dataset's order; undefined: not fetched yet. */
  readonly episodes: readonly (Episode | undefined)[];
  readonly loading: boolean;
  /** Why the last page could not be fetched. */
  readonly problem: string | null;
}

const EMPTY: EpisodesState = { dataset: null, episodes: [], loading: false, problem: null };

export class EpisodePages {
  readonly #list: (offset: number, limit: number) => Promise<EpisodePage>;
  readonly #listeners = new Set<() => void>();
  #state = EMPTY;
  /** Pages that should be fetched, the most urgent last. */
  #wanted: number[] = [];
  #stale = new Set<number>();
  #all = false;
  #busy = false;
  #generation = 0;

  constructor(list: (offset: number, limit: number) => Promise<EpisodePage>) {
    this.#list = list;
  }

  readonly state = (): EpisodesState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** These rows are looked at. */
  readonly ensure = (first: number, last: number): void => {
    const pages: number[] = [];
    for (let page = Math.floor(Math.max(0, first) / PAGE); page * PAGE <= last; page += 1) {
      if (this.#isMissing(page)) pages.push(page);
    }
    this.#wanted = [...this.#wanted.filter((page) => !pages.includes(page)), ...pages.reverse()];
    void this.#work();
  };

  /** All rows are needed: to sort them, or to find one. */
  readonly ensureAll = (): void => {
    this.#all = true;
    void this.#work();
  };

  /** The dataset has changed, or the connection is new: fetches again what is there, keeping it meanwhile. */
  readonly refresh = (): void => {
    this.#generation += 1;
    const pages = Math.max(1, Math.ceil(this.#state.episodes.length / PAGE));
    const known = Array.from({ length: pages }, (_, page) => page).filter(
      (page) => page === 0 || this.#state.episodes[page * PAGE] !== undefined,
    );
    if (this.#state.problem !== null) this.#change({ problem: null });
    this.#stale = new Set(known);
    this.#wanted = [...this.#wanted, ...known.filter((page) => !this.#wanted.includes(page)).reverse()];
    void this.#work();
  };

  /** What was just changed on the robot, shown before it tells so itself. */
  readonly patch = (ids: ReadonlySet<number>, change: Partial<Episode>): void => {
    this.#generation += 1;
    const episodes = this.#state.episodes.map((episode) =>
      episode && ids.has(episode.id) ? { ...episode, ...change } : episode,
    );
    this.#change({ episodes });
  };

  #isMissing(page: number): boolean {
    if (this.#stale.has(page)) return true;
    const { episodes, dataset } = this.#state;
    if (dataset === null) return true;
    return page * PAGE < episodes.length && episodes[page * PAGE] === undefined;
  }

  #next(): number | undefined {
    while (this.#wanted.length > 0) {
      const page = this.#wanted.pop();
      if (page !== undefined && this.#isMissing(page)) return page;
    }
    if (!this.#all) return undefined;
    const { episodes, dataset } = this.#state;
    if (dataset === null) return 0;
    const hole = episodes.findIndex((episode) => episode === undefined);
    return hole < 0 ? undefined : Math.floor(hole / PAGE);
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let page = this.#next(); page !== undefined; page = this.#next()) {
      this.#change({ loading: true });
      const generation = this.#generation;
      try {
        const answer = await this.#list(page * PAGE, PAGE);
        if (generation !== this.#generation) {
          // Older than the change that was announced meanwhile.
          this.#wanted.push(page);
          continue;
        }
        this.#stale.delete(page);
        this.#take(page, answer);
      } catch (error) {
        this.#wanted = [];
        this.#all = false;
        this.#change({ problem: error instanceof Error ? error.message : String(error) });
        break;
      }
    }
    this.#busy = false;
    if (this.#state.loading) this.#change({ loading: false });
  }

  #take(page: number, answer: EpisodePage): void {
    const episodes: (Episode | undefined)[] = this.#state.episodes.slice(0, answer.total);
    while (episodes.length < answer.total) episodes.push(undefined);
    for (const [row, episode] of answer.episodes.entries()) episodes[page * PAGE + row] = episode;
    const { format, rate, cameras, problems } = answer;
    this.#change({ dataset: { format, rate, cameras, problems }, episodes, problem: null });
  }

  #change(change: Partial<EpisodesState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}
