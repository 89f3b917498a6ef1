import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatRate, formatValue } from "./numbers.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1250, "1.25 kB"],
    [999_700, "1 MB"],
    [12_345_678, "12.3 MB"],
    [345_600_000, "346 MB"],
    [3_300_000_000, "3.3 GB"],
    [-5, "0 B"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatCount", () => {
  it("uses the singular for one alone", () => {
    expect(formatCount(1, "episode")).toBe("1 episode");
    expect(formatCount(0, "episode")).toBe("0 episodes");
    expect(formatCount(1000, "entry", "entries")).toBe("1,000 entries");
  });
});

describe("formatRate", () => {
  it("is empty where the rate is unknown", () => {
    expect(formatRate(0)).toBe("");
    expect(formatRate(29.97)).toBe("29.97 fps");
    expect(formatRate(30)).toBe("30 fps");
  });
});

describe("formatValue", () => {
  it.each([
    [0, "0"],
    [0.12345, "0.123"],
    [-1.5, "-1.5"],
    [-0.0004, "0"],
    [123.456, "123.5"],
    [98765, "98765"],
    [2e9, "2.00e+9"],
    [0.00001, "1.00e-5"],
    [Number.NaN, "–"],
  ])("%d is %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
