import { describe, expect, it } from "vitest";
import { formatIds, parseIds } from "./episode_ids.ts";

describe("parseIds", () => {
  it.each([
    ["3", [3]],
    ["0-4,7", [0, 1, 2, 3, 4, 7]],
    [" 7 0-1 ", [7, 0, 1]],
    ["0–2; 2, 1", [0, 1, 2]],
  ])("reads %j", (text, ids) => {
    expect(parseIds(text)).toEqual({ ids });
  });

  it.each(["", " , ", "a", "1-", "-1", "1.5", "4-2", "0-99999999", "1--2", "99999999999"])(
    "refuses %j with a reason",
    (text) => {
      expect(parseIds(text)).toHaveProperty("problem", expect.stringMatching(/\w+/));
    },
  );
});

describe("formatIds", () => {
  it.each([
    [[], ""],
    [[3], "3"],
    [[7, 0, 1, 2, 9, 10], "0–2, 7, 9–10"],
  ])("writes %j as %j", (ids, text) => {
    expect(formatIds(ids)).toBe(text);
  });

  it("is read back", () => {
    expect(parseIds(formatIds([5, 6, 7, 12]))).toEqual({ ids: [5, 6, 7, 12] });
  });
});
