/** What somebody has put together for a merge, as it is written in the fields. */
import type { MergeSource } from "@/ros/editing.ts";
import { parseIds } from "@/text/episode_ids.ts";

export interface Chosen {
  /** Folder name; each dataset once. */
  readonly skill: string;
  /** As it is written, such as `0-4, 7`; "": all. */
  readonly episodes: string;
  /** New names as they are written; "": as it is. */
  readonly cameras: Readonly<Record<string, string>>;
}

export function added(chosen: readonly Chosen[], skill: string, episodes = ""): readonly Chosen[] {
  if (chosen.some((one) => one.skill === skill)) return chosen;
  return [...chosen, { skill, episodes, cameras: {} }];
}

export function changed(
  chosen: readonly Chosen[],
  skill: string,
  change: Partial<Chosen>,
): readonly Chosen[] {
  return chosen.map((one) => (one.skill === skill ? { ...one, ...change } : one));
}

/** One place up (-1) or down (1). */
export function moved(chosen: readonly Chosen[], skill: string, by: 1 | -1): readonly Chosen[] {
  const from = chosen.findIndex((one) => one.skill === skill);
  const [one, other] = [chosen[from], chosen[from + by]];
  if (!one || !other) return chosen;
  return chosen.map((each) => (each === one ? other : each === other ? one : each));
}

/** What is wrong with the episodes that are named; null where nothing is. */
export function episodesProblem({ episodes }: Chosen): string | null {
  if (episodes.trim() === "") return null;
  const parsed = parseIds(episodes);
  return "problem" in parsed ? parsed.problem : null;
}

/** null: something is wrong with one of them. */
export function toSources(chosen: readonly Chosen[]): readonly MergeSource[] | null {
  if (chosen.some((one) => episodesProblem(one) !== null)) return null;
  return chosen.map(({ skill, episodes, cameras }) => {
    const parsed = parseIds(episodes);
    const renamed = Object.entries(cameras)
      .map(([name, to]) => [name, to.trim()] as const)
      .filter(([name, to]) => to !== "" && to !== name);
    return { skill, episodes: "ids" in parsed ? parsed.ids : null, cameras: Object.fromEntries(renamed) };
  });
}

/** Innate's formats go together, and LeRobot's. */
export function family(format: string): string {
  return format.startsWith("lerobot") ? "lerobot" : "innate";
}
