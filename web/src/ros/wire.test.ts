import { describe, expect, it } from "vitest";
import { list, number, parseLenient, record, stamp, text } from "./wire.ts";

describe("stamp", () => {
  it("takes nanosec and nsec", () => {
    expect(stamp({ sec: 12, nanosec: 500_000_000 })).toBe(12_500);
    expect(stamp({ sec: 12, nsec: 500_000_000 })).toBe(12_500);
    expect(stamp({ secs: 1, nsecs: 1_000_000 })).toBe(1001);
    expect(stamp(null)).toBe(0);
  });
});

describe("neutral values", () => {
  it("replaces what is missing or of another type", () => {
    expect(text(3)).toBe("");
    expect(number("9007199254740993")).toBe(9007199254740992);
    expect(number(null, Number.NaN)).toBeNaN();
    expect(number("abc")).toBe(0);
    expect(list("no list", text)).toEqual([]);
    expect(record([])).toEqual([]);
    expect(record(null)).toEqual({});
  });
});

describe("parseLenient", () => {
  it("reads bare NaN and Infinity as null, but not inside strings", () => {
    expect(parseLenient('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" Infinity"}')).toEqual({
      a: null,
      b: [null, null],
      c: 'NaN " Infinity',
    });
  });
  it("still refuses what is no JSON", () => {
    expect(() => parseLenient("{oops")).toThrow(SyntaxError);
    expect(() => parseLenient('{"a": NaN')).toThrow(SyntaxError);
  });
});
