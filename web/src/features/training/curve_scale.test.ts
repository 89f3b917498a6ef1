import { describe, expect, it } from "vitest";
import { axesOf, groupCurves, heightOf, nearest } from "./curve_scale.ts";

function series(steps: number[], values: number[]) {
  return { label: "loss", colour: 0, dashed: false, steps, values };
}

describe("axesOf", () => {
  it("is logarithmic where a loss falls by much", () => {
    const axes = axesOf([series([1, 2, 3], [80, 3, 0.2])]);
    expect(axes.log).toBe(true);
    expect([axes.first, axes.last]).toEqual([1, 3]);
    expect(axes.y.ticks).toEqual([1, 10]);
    expect(heightOf(80, axes)).toBeLessThan(1);
    expect(heightOf(0.2, axes)).toBeGreaterThan(0);
    expect(heightOf(4, axes)).toBeCloseTo(0.5, 1);
  });
  it("begins at the run's beginning, unless what is there begins much later", () => {
    expect(axesOf([series([15, 3000], [2, 1])]).first).toBe(0);
    expect(axesOf([series([2000, 3000], [2, 1])]).first).toBe(2000);
  });
  it("is linear otherwise, and always where a value is not above 0", () => {
    expect(axesOf([series([0, 10], [2, 1])]).log).toBe(false);
    const axes = axesOf([series([0, 10], [100, 0])]);
    expect(axes.log).toBe(false);
    expect(heightOf(50, axes)).toBeCloseTo(0.5);
  });
  it("is something with one point and with none", () => {
    expect(axesOf([series([5], [1])])).toMatchObject({ first: 5, last: 6 });
    expect(axesOf([series([0], [1])])).toMatchObject({ first: 0, last: 1 });
    expect(axesOf([])).toMatchObject({ first: 0, last: 1 });
  });
});

describe("nearest", () => {
  it.each([
    [-5, 0],
    [4, 0],
    [6, 1],
    [10, 1],
    [29, 2],
    [99, 2],
  ])("to %d is point %d", (step, index) => {
    expect(nearest([0, 10, 30], step)).toBe(index);
  });
  it("is none where there are none", () => {
    expect(nearest([], 3)).toBe(-1);
  });
});

describe("groupCurves", () => {
  const curve = (name: string) => ({ name, steps: [1], values: [2] });
  it("puts losses into one chart, first, and leaves out empty curves", () => {
    const curves = [
      curve("learning_rate"),
      curve("loss"),
      curve("validation_loss"),
      { name: "x", steps: [], values: [] },
    ];
    const groups = groupCurves([{ name: "", curves }]);
    expect(groups.map((group) => [group.name, group.series.map((one) => one.label)])).toEqual([
      ["loss", ["loss", "validation loss"]],
      ["learning rate", ["learning rate"]],
    ]);
    expect(groups[0]?.series.map((one) => one.colour)).toEqual([0, 1]);
  });
  it("gives two runs a colour each", () => {
    const [group] = groupCurves([
      { name: "Run 1", curves: [curve("loss"), curve("validation_loss")] },
      { name: "Run 2", curves: [curve("loss")] },
    ]);
    expect(group?.series.map((one) => [one.label, one.colour, one.dashed])).toEqual([
      ["Run 1 loss", 0, false],
      ["Run 1 validation loss", 0, true],
      ["Run 2 loss", 1, false],
    ]);
  });
});
