/** Numbers on an axis. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** A range that holds all values, a little larger, with about `count` round ticks in it. */
export function valueScale(low: number, high: number, count: number): Scale {
  if (!(low <= high)) return { low: -1, high: 1, ticks: [-1, 0, 1] };
  const span = high - low;
  const pad = span > 0 ? span * 0.06 : Math.max(Math.abs(high) * 0.1, 0.5);
  const [bottom, top] = [low - pad, high + pad];
  const step = roundStep((top - bottom) / count);
  const ticks: number[] = [];
  for (let n = Math.ceil(bottom / step); n * step <= top; n += 1) {
    ticks.push(Number((n * step).toPrecision(12)));
  }
  return { low: bottom, high: top, ticks };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = least / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}
