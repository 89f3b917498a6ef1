import { describe, expect, it } from "vitest";
import { roundStep, valueScale } from "./scales.ts";

describe("valueScale", () => {
  it.each([
    [0, 1],
    [-1.57, 3.1],
    [1e-6, 2e-6],
    [-4000, 90_000],
    [5, 5],
    [0, 0],
  ])("of %d to %d holds both and has a few round ticks", (low, high) => {
    const scale = valueScale(low, high, 4);
    expect(scale.low).toBeLessThan(low);
    expect(scale.high).toBeGreaterThan(high);
    expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
    expect(scale.ticks.length).toBeLessThanOrEqual(6);
    for (const tick of scale.ticks) {
      expect(tick).toBeGreaterThanOrEqual(scale.low);
      expect(tick).toBeLessThanOrEqual(scale.high);
    }
  });
  it("has no rounding dirt in its ticks", () => {
    expect(valueScale(0, 0.7, 4).ticks).toEqual([0, 0.2, 0.4, 0.6]);
  });
  it("is something where there are no values", () => {
    expect(valueScale(Infinity, -Infinity, 4).ticks).toEqual([-1, 0, 1]);
  });
});

describe("roundStep", () => {
  it.each([
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [7, 10],
    [230, 500],
  ])("%d becomes %d", (least, step) => {
    expect(roundStep(least)).toBeCloseTo(step);
  });
});
