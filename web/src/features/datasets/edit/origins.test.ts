import { describe, expect, it } from "vitest";
import { rangeText, runs } from "./origins.ts";

describe("runs", () => {
  it("joins neighbours of one source", () => {
    const of = (skill: string, ...ids: number[]) => ids.map((episode) => ({ skill, episode }));
    expect(runs([...of("a", 0, 1, 3, 4), ...of("b", 5, 4)])).toEqual([
      { skill: "a", first: 0, last: 1, becomes: 0 },
      { skill: "a", first: 3, last: 4, becomes: 2 },
      { skill: "b", first: 5, last: 5, becomes: 4 },
      { skill: "b", first: 4, last: 4, becomes: 5 },
    ]);
    expect(runs([])).toEqual([]);
  });
});

describe("rangeText", () => {
  it("names one or several", () => {
    expect(rangeText(3, 1)).toBe("3");
    expect(rangeText(3, 3)).toBe("3–5");
  });
});
