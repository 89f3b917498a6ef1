import { describe, expect, it } from "vitest";
import type { Episode } from "@/ros/messages.ts";
import { readEpisode } from "@/ros/messages.ts";
import { UNSORTED, nextSort, sortedPositions } from "./sort_episodes.ts";

const EPISODES = [
  readEpisode({ id: 0, duration: 5, start: "2025-06-02T10:00:00", problems: ["x"] }),
  readEpisode({ id: 1, duration: 9, start: "2025-06-01T10:00:00" }),
  undefined,
  readEpisode({ id: 3, duration: 5, start: "2025-06-03T10:00:00", problems: ["x", "y"] }),
];

describe("sortedPositions", () => {
  it("in the dataset's order holds the place of what is not fetched yet", () => {
    expect(sortedPositions(EPISODES, UNSORTED, null)).toEqual([0, 1, 2, 3]);
    expect(sortedPositions(EPISODES, { key: "order", descending: true }, null)).toEqual([3, 2, 1, 0]);
  });
  it("sorts what is there, ties in the dataset's order", () => {
    expect(sortedPositions(EPISODES, { key: "duration", descending: true }, null)).toEqual([1, 0, 3]);
    expect(sortedPositions(EPISODES, { key: "duration", descending: false }, null)).toEqual([0, 3, 1]);
    expect(sortedPositions(EPISODES, { key: "start", descending: false }, null)).toEqual([1, 0, 3]);
    expect(sortedPositions(EPISODES, { key: "problems", descending: true }, null)).toEqual([3, 0, 1]);
  });
  it("can show some alone", () => {
    const troubled = (episode: Episode) => episode.problems.length > 0;
    expect(sortedPositions(EPISODES, UNSORTED, troubled)).toEqual([0, 3]);
  });
});

describe("nextSort", () => {
  it("goes down, up and back", () => {
    let sort = nextSort(UNSORTED, "size");
    expect(sort).toEqual({ key: "size", descending: true });
    sort = nextSort(sort, "size");
    expect(sort).toEqual({ key: "size", descending: false });
    expect(nextSort(sort, "size")).toEqual(UNSORTED);
    expect(nextSort(sort, "start")).toEqual({ key: "start", descending: false });
    expect(nextSort(UNSORTED, "order")).toEqual({ key: "order", descending: true });
  });
});
