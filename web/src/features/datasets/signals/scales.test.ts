import { describe, expect, it } from "vitest";
import { extent, rowOfFrame } from "./scales.ts";

describe("extent", () => {
  it("looks at the shown columns and past holes", () => {
    const rows = [
      [1, null, 100],
      [null, -3, 200],
    ];
    expect(extent(rows, [0, 1])).toEqual([-3, 1]);
    expect(extent(rows, [])).toEqual([Infinity, -Infinity]);
  });
});

describe("rowOfFrame", () => {
  it("is the frame itself, and the nearest where rows were thinned out", () => {
    expect(rowOfFrame(17, 300, 300)).toBe(17);
    expect(rowOfFrame(0, 9000, 4000)).toBe(0);
    expect(rowOfFrame(8999, 9000, 4000)).toBe(3999);
    expect(rowOfFrame(4500, 9000, 4000)).toBe(2000);
    expect(rowOfFrame(5, 1, 1)).toBe(0);
    // A signal that is shorter than the video.
    expect(rowOfFrame(400, 300, 300)).toBe(299);
  });
});
