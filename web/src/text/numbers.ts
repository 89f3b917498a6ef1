/** Numbers as people read them. English, short, with units. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 1000-based, three significant digits: `0 B`, `1.25 MB`, `3.3 GB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${trimZeros(value.toFixed(digits))} ${BYTE_UNITS[unit] ?? ""}`;
}

/** `1 episode`, `18 episodes`, `1,000 episodes`. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;
}

/** Frames per second without needless zeros; "" where it is unknown. */
export function formatRate(rate: number): string {
  return rate > 0 ? `${trimZeros(rate.toFixed(2))} fps` : "";
}

/** At most `digits` significant digits, for values under a cursor; exponents only where needed. */
export function formatValue(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  const text = trimZeros(value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(size, 1))))));
  return text === "-0" ? "0" : text;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
