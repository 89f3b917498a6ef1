import { describe, expect, it } from "vitest";
import type { LogLine } from "@/ros/messages.ts";
import { LOG_LIMIT, mergeLogs } from "./logs.ts";

function line(time: number, message = `line ${time}`): LogLine {
  return { time, level: "info", name: "training_manager", message, key: `${time} ${message}` };
}

describe("mergeLogs", () => {
  it("keeps each line once, in order of time, whichever way it came", () => {
    const merged = mergeLogs([line(3), line(5)], [line(1), line(2), line(3), line(5), line(6)]);
    expect(merged.map((l) => l.time)).toEqual([1, 2, 3, 5, 6]);
  });

  it("drops a line that arrives twice in one batch", () => {
    expect(mergeLogs([], [line(1), line(1)])).toHaveLength(1);
  });

  it("keeps lines of the same time in the order in which they came", () => {
    const merged = mergeLogs([line(1, "a")], [line(1, "b"), line(1, "c")]);
    expect(merged.map((l) => l.message)).toEqual(["a", "b", "c"]);
  });

  it("is the same array where nothing is new, so that nothing renders", () => {
    const kept = [line(1), line(2)];
    expect(mergeLogs(kept, [line(2)])).toBe(kept);
    expect(mergeLogs(kept, [])).toBe(kept);
  });

  it("puts a late single line where it belongs", () => {
    expect(mergeLogs([line(1), line(3)], [line(2)]).map((l) => l.time)).toEqual([1, 2, 3]);
  });

  it("keeps the newest lines", () => {
    const many = Array.from({ length: LOG_LIMIT + 10 }, (_, i) => line(i));
    const merged = mergeLogs([], many);
    expect(merged).toHaveLength(LOG_LIMIT);
    expect(merged[0]?.time).toBe(10);
  });
});
