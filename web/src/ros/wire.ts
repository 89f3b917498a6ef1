/**
 * Reading values that came over the wire. Bridges differ and versions drift: a field that is missing
 * or of another type becomes its neutral value instead of an exception somewhere in a component.
 */
export type Wire = Readonly<Record<string, unknown>>;

export function record(value: unknown): Wire {
  return typeof value === "object" && value !== null ? (value as Wire) : {};
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Bridges write 64-bit integers as numbers or strings, and NaN as null. */
export function number(value: unknown, missing = 0): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) return Number(value);
  return missing;
}

export function flag(value: unknown): boolean {
  return value === true;
}

export function list<T>(value: unknown, read: (item: unknown) => T): readonly T[] {
  return Array.isArray(value) ? value.map(read) : [];
}

/** A builtin_interfaces/Time in milliseconds; older bridges write `nsec` for `nanosec`. */
export function stamp(value: unknown): number {
  const time = record(value);
  return number(time["sec"] ?? time["secs"]) * 1000 + nanoseconds(value) / 1e6;
}

export function nanoseconds(value: unknown): number {
  const time = record(value);
  return number(time["nanosec"] ?? time["nsec"] ?? time["nsecs"]);
}

/**
 * JSON as bridges write it: rosbridge_server puts bare NaN and Infinity into it, which no JSON parser
 * takes; they are read as null.
 */
export function parseLenient(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (problem) {
    const mended = json.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) =>
      token.startsWith('"') ? token : "null",
    );
    if (mended === json) throw problem;
    return JSON.parse(mended) as unknown;
  }
}
