import type { Curve } from "@/ros/training.ts";
import type { Scale } from "@/ui/chart/scales.ts";
import { valueScale } from "@/ui/chart/scales.ts";

/** One curve as it is drawn. */
export interface Series {
  readonly label: string;
  /** Which of the chart's colours. */
  readonly colour: number;
  readonly dashed: boolean;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export interface Axes {
  readonly log: boolean;
  /** Steps at the left and right end. */
  readonly first: number;
  readonly last: number;
  readonly y: Scale;
}

/** Losses that fall by more than this are only readable on a logarithmic axis. */
const MUCH = 30;

/** Axes that hold all points; logarithmic where the values span much and none is 0 or less. */
export function axesOf(all: readonly Series[]): Axes {
  const values = all.flatMap((series) => series.values);
  const steps = all.flatMap((series) => series.steps);
  const [low, high] = [least(values), -least(values.map((value) => -value))];
  const [first, last] = [least(steps), -least(steps.map((step) => -step))];
  const log = low > 0 && high / low > MUCH;
  // A run's first point is a few steps after its beginning.
  const left = Number.isFinite(first) && first > last * 0.1 ? first : 0;
  return {
    log,
    first: left,
    last: last > left ? last : left + 1,
    y: log ? logScale(low, high) : valueScale(low, high, 4),
  };
}

/** Where a value stands on the axis, 0 at the bottom to 1 at the top. */
export function heightOf(value: number, { log, y }: Axes): number {
  const at = log ? Math.log10 : (number: number): number => number;
  return (at(value) - at(y.low)) / (at(y.high) - at(y.low));
}

/** Powers of ten, with 2 and 5 times those where there are few. */
function logScale(low: number, high: number): Scale {
  const [bottom, top] = [low / 1.15, high * 1.15];
  const factors = Math.log10(top / bottom) < 2.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(bottom)); 10 ** power <= top; power += 1) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(3));
      if (tick >= bottom && tick <= top) ticks.push(tick);
    }
  }
  return { low: bottom, high: top, ticks };
}

function least(values: readonly number[]): number {
  return values.reduce((found, value) => Math.min(found, value), Infinity);
}

/** The index of the point nearest to a step; -1 where there is none. */
export function nearest(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && step - (steps[low - 1] ?? 0) < (steps[low] ?? 0) - step) return low - 1;
  return high < 0 ? -1 : low;
}

export interface CurveGroup {
  readonly name: string;
  readonly series: readonly Series[];
}

/** One run's curves, or several runs' with a name before each, as charts: all losses in one, the rest each in its own. */
export function groupCurves(
  runs: readonly { readonly name: string; readonly curves: readonly Curve[] }[],
): readonly CurveGroup[] {
  const groups = new Map<string, Series[]>();
  runs.forEach((run, index) => {
    for (const curve of run.curves) {
      if (curve.values.length === 0) continue;
      const group = /loss/i.test(curve.name) ? "loss" : curve.name;
      const found = groups.get(group) ?? [];
      const several = runs.length > 1;
      const label = curve.name.replaceAll("_", " ");
      found.push({
        label: several ? `${run.name} ${label}` : label,
        colour: several ? index : found.length,
        dashed: several && /val/i.test(curve.name),
        steps: curve.steps,
        values: curve.values,
      });
      groups.set(group, found);
    }
  });
  return [...groups]
    .map(([name, series]) => ({ name: name.replaceAll("_", " "), series }))
    .sort((a, b) => Number(b.name === "loss") - Number(a.name === "loss"));
}
