import { describe, expect, it } from "vitest";
import { costOf, formatMoney } from "./cost.ts";
import { aPreset } from "./sample_runs.ts";

const AS_PRESET = { hours: "", gpus: "", budget: "" };

describe("costOf", () => {
  it("is hours × GPUs × price, against the budget", () => {
    expect(costOf(aPreset(), AS_PRESET)).toMatchObject({ hours: 5, gpus: 4, most: 50, over: false });
    expect(costOf(aPreset(), { ...AS_PRESET, hours: "48", budget: "100" })).toMatchObject({
      most: 480,
      over: true,
    });
  });
  it("is nothing without GPUs, and unknown without a price", () => {
    expect(costOf(aPreset({ maxGpus: 0, gpuHourPrice: 0 }), AS_PRESET)).toMatchObject({
      most: 0,
      over: false,
    });
    expect(costOf(aPreset({ gpuHourPrice: 0 }), AS_PRESET)).toMatchObject({ most: null, over: false });
  });
  it("waits while a text makes no sense", () => {
    expect(costOf(aPreset(), { ...AS_PRESET, hours: "x" })).toBeNull();
    expect(costOf(aPreset(), { ...AS_PRESET, gpus: "-1" })).toBeNull();
  });
});

describe("formatMoney", () => {
  it.each([
    [0, "$0"],
    [0.001, "less than $0.01"],
    [2.5, "$2.50"],
    [1234, "$1,234"],
  ])("%d is %s", (usd, text) => {
    expect(formatMoney(usd)).toBe(text);
  });
});
