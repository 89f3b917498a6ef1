import type { Episode } from "@/ros/messages.ts";

export type SortKey = "order" | "start" | "duration" | "frames" | "size" | "problems";

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

export const UNSORTED: Sort = { key: "order", descending: false };

/** What a click on a column's head makes of the sorting: down, up, and back to the dataset's order. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  if (sort.key !== key) return { key, descending: key !== "start" };
  if (key === "order") return { key, descending: !sort.descending };
  const first = key !== "start";
  return sort.descending === first ? { key, descending: !first } : UNSORTED;
}

const VALUES: Readonly<Record<Exclude<SortKey, "order">, (episode: Episode) => number | string>> = {
  start: (episode) => episode.start,
  duration: (episode) => episode.duration,
  frames: (episode) => episode.frames,
  size: (episode) => episode.sizeBytes,
  problems: (episode) => episode.problems.length,
};

/**
 * Positions of the wanted episodes (null: all) in the order in which they are shown. Rows that are not
 * fetched yet keep their place among all in the dataset's order and are left out of anything else.
 */
export function sortedPositions(
  episodes: readonly (Episode | undefined)[],
  { key, descending }: Sort,
  wanted: ((episode: Episode) => boolean) | null,
): readonly number[] {
  const positions = [...episodes.keys()].filter((position) => {
    const episode = episodes[position];
    if (wanted) return episode !== undefined && wanted(episode);
    return key === "order" || episode !== undefined;
  });
  if (key === "order") return descending ? positions.reverse() : positions;
  const value = VALUES[key];
  const of = (position: number): number | string => {
    const episode = episodes[position];
    return episode ? value(episode) : 0;
  };
  const direction = descending ? -1 : 1;
  return positions.sort((a, b) => {
    const [first, second] = [of(a), of(b)];
    if (first === second) return a - b;
    return (first < second ? -1 : 1) * direction;
  });
}
