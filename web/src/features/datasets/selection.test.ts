import { describe, expect, it } from "vitest";
import type { Selection } from "./selection.ts";
import { NOTHING, extended, inverted, only, pruned, toggled } from "./selection.ts";

const ids = (selection: Selection) => [...selection.ids].sort((a, b) => a - b);

describe("selection", () => {
  it("toggles one", () => {
    const one = toggled(NOTHING, 3);
    expect(ids(one)).toEqual([3]);
    expect(ids(toggled(one, 3))).toEqual([]);
    expect(ids(NOTHING)).toEqual([]);
  });

  it("extends to a range in the order that is shown, either way", () => {
    const shown = [9, 4, 7, 1, 0];
    const start = toggled(NOTHING, 4);
    expect(ids(extended(start, shown, 0))).toEqual([0, 1, 4, 7]);
    expect(ids(extended(toggled(NOTHING, 1), shown, 9))).toEqual([1, 4, 7, 9]);
  });

  it("extends again from the same anchor, and keeps what was selected", () => {
    const shown = [0, 1, 2, 3, 4, 5, 6];
    let now = toggled(toggled(NOTHING, 0), 3);
    now = extended(now, shown, 5);
    expect(ids(now)).toEqual([0, 3, 4, 5]);
    expect(ids(extended(now, shown, 2))).toEqual([0, 2, 3, 4, 5]);
  });

  it("selects one where there is nothing to extend from", () => {
    expect(ids(extended(NOTHING, [0, 1, 2], 2))).toEqual([2]);
    // The anchor is filtered out of sight.
    expect(ids(extended(toggled(NOTHING, 8), [0, 1, 2], 2))).toEqual([2, 8]);
  });

  it("inverts what is shown alone", () => {
    expect(ids(inverted(only([1, 7]), [0, 1, 2]))).toEqual([0, 2]);
  });

  it("forgets what is gone, and stays the same object where nothing is", () => {
    const some = toggled(only([1, 2]), 5);
    expect(pruned(some, () => true)).toBe(some);
    const left = pruned(some, (id) => id < 5);
    expect(ids(left)).toEqual([1, 2]);
    expect(left.anchor).toBeNull();
  });
});
