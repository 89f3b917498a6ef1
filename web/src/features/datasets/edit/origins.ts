/** Where the episodes of a result come from, in as few lines as that can be said. */
import type { Origin } from "@/ros/editing.ts";

/** Episodes that stay neighbours: `first`… of the source become `becomes`… of the result. */
export interface Run {
  readonly skill: string;
  readonly first: number;
  readonly last: number;
  readonly becomes: number;
}

export function runs(origins: readonly Origin[]): readonly Run[] {
  const found: { skill: string; first: number; last: number; becomes: number }[] = [];
  for (const [id, { skill, episode }] of origins.entries()) {
    const run = found.at(-1);
    if (run?.skill === skill && run.last + 1 === episode) run.last = episode;
    else found.push({ skill, first: episode, last: episode, becomes: id });
  }
  return found;
}

/** `3–5`, or `3` alone. */
export function rangeText(first: number, count: number): string {
  return count === 1 ? `${first}` : `${first}–${first + count - 1}`;
}
