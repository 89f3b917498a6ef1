/**
 * The one clock that all cameras of an episode follow. It holds a position and a velocity and tells every
 * surface what to show; a surface (a camera's picture) never decides for itself. Without a browser in it,
 * so that it can be tested.
 */
import { clampFrame } from "./frames.ts";

export interface View {
  /** In frames, with fraction while it moves. */
  readonly position: number;
  /** Multiples of real time; 0: stands still on a whole frame. Negative: backwards. */
  readonly velocity: number;
  /** Meant to move, but some surface can't follow yet: stay where you are. */
  readonly held: boolean;
}

export interface Surface {
  update(view: View): void;
  /** Whether it needs time before it can go on moving. */
  readonly waiting: boolean;
  /** Where it is itself while it moves forwards, in frames; null: it keeps up whatever happens. */
  readonly reached: number | null;
}

export interface PlayerState {
  readonly frame: number;
  readonly frames: number;
  readonly velocity: number;
  /** What play means. */
  readonly speed: number;
  /** Moving, but held until all surfaces can follow. */
  readonly waiting: boolean;
}

export interface Ticker {
  /** Calls once, soon, with the time in milliseconds. */
  request(tick: (now: number) => void): number;
  cancel(request: number): void;
}

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4];
const FASTEST = 4;
/** The clock never leads the slowest surface by more, so that none is left behind. */
const LEAD_S = 0.1;
/** A tab in the background gets no ticks; after a gap longer than this the clock goes on where it was. */
const LONGEST_STEP_S = 0.25;

export class Player {
  readonly rate: number;
  readonly #ticker: Ticker;
  readonly #surfaces = new Set<Surface>();
  readonly #listeners = new Set<() => void>();
  #state: PlayerState;
  #position: number;
  #request: number | null = null;
  #last: number | null = null;

  constructor(frames: number, rate: number, frame: number, ticker: Ticker) {
    this.rate = rate;
    this.#ticker = ticker;
    this.#position = clampFrame(frame, frames);
    this.#state = { frame: this.#position, frames, velocity: 0, speed: 1, waiting: false };
  }

  readonly state = (): PlayerState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(surface: Surface): () => void {
    this.#surfaces.add(surface);
    surface.update(this.#view());
    return () => this.#surfaces.delete(surface);
  }

  /** A surface has become ready, or has got other means: tell it again. */
  refresh(surface: Surface): void {
    if (this.#surfaces.has(surface)) surface.update(this.#view());
  }

  seek(frame: number): void {
    this.#position = clampFrame(frame, this.#state.frames);
    this.#last = null;
    this.#publish({});
  }

  /** Stops, and goes so many frames further. */
  step(frames: number): void {
    this.#position = clampFrame(Math.floor(this.#position) + frames, this.#state.frames);
    this.#move(0);
  }

  toggle(): void {
    this.#move(this.#state.velocity === 0 ? this.#state.speed : 0);
  }

  pause(): void {
    this.#move(0);
  }

  /** Forwards or backwards; again in the same direction: twice as fast. */
  shuttle(direction: 1 | -1): void {
    const { velocity, speed } = this.#state;
    const onwards = velocity * direction > 0;
    this.#move(direction * (onwards ? Math.min(FASTEST, Math.abs(velocity) * 2) : speed));
  }

  move(velocity: number): void {
    this.#move(velocity);
  }

  setSpeed(speed: number): void {
    this.#publish({ speed, velocity: Math.sign(this.#state.velocity) * speed });
  }

  dispose(): void {
    if (this.#request !== null) this.#ticker.cancel(this.#request);
    this.#request = null;
    this.#surfaces.clear();
    this.#listeners.clear();
  }

  #move(velocity: number): void {
    const { frames } = this.#state;
    if (velocity === 0) this.#position = clampFrame(Math.floor(this.#position), frames);
    // Play at the very end means: once more.
    else if (velocity > 0 && this.#position >= frames - 1) this.#position = 0;
    else if (velocity < 0 && this.#position <= 0) this.#position = Math.max(0, frames - 1);
    this.#last = null;
    this.#publish({ velocity });
  }

  #tick(now: number): void {
    this.#request = null;
    const { velocity, frames } = this.#state;
    if (velocity === 0) return;
    const waiting = [...this.#surfaces].some((surface) => surface.waiting);
    const step = this.#last === null ? 0 : Math.min(LONGEST_STEP_S, (now - this.#last) / 1000);
    this.#last = now;
    if (!waiting) this.#position = this.#limited(this.#position + step * this.rate * velocity);
    const over = velocity > 0 ? this.#position >= frames : this.#position <= 0;
    if (over) {
      this.#position = velocity > 0 ? Math.max(0, frames - 1) : 0;
      this.#publish({ velocity: 0, waiting: false });
    } else this.#publish({ waiting });
  }

  /** Never further than the slowest surface allows, and never back. */
  #limited(position: number): number {
    if (this.#state.velocity < 0) return position;
    let most = position;
    for (const { reached } of this.#surfaces) {
      if (reached !== null) most = Math.min(most, reached + LEAD_S * this.rate * this.#state.velocity);
    }
    return Math.max(this.#position, most);
  }

  #view(): View {
    const { velocity, waiting } = this.#state;
    return { position: this.#position, velocity, held: waiting };
  }

  #publish(change: Partial<PlayerState>): void {
    const old = this.#state;
    const next = { ...old, ...change, frame: clampFrame(Math.floor(this.#position), old.frames) };
    if (next.velocity === 0) next.waiting = false;
    const changed = (Object.keys(next) as (keyof PlayerState)[]).some((key) => next[key] !== old[key]);
    if (changed) this.#state = next;
    for (const surface of this.#surfaces) surface.update(this.#view());
    if (next.velocity !== 0) this.#request ??= this.#ticker.request((now) => this.#tick(now));
    if (changed) for (const listener of [...this.#listeners]) listener();
  }
}
