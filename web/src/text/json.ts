/** JSON values, and the difference between two of them as a JSON merge patch (RFC 7396). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that a text holds; null where it is no JSON, or JSON but no object. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameJson(item as Json, b[i] as Json));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
    );
  }
  return a === b;
}

/** The value at a dotted path; undefined where there is none. */
export function lookup(value: Json | undefined, path: string): Json | undefined {
  let found = value;
  for (const key of path.split(".")) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

/** A copy with the value at a dotted path replaced; undefined removes it. Key order is kept. */
export function replaced(value: JsonObject, path: string, by: Json | undefined): JsonObject {
  const [key = "", ...rest] = path.split(".");
  const child = Object.hasOwn(value, key) ? value[key] : undefined;
  const next = rest.length === 0 ? by : replaced(isObject(child) ? child : {}, rest.join("."), by);
  if (next === undefined) return objectOf(Object.entries(value).filter(([name]) => name !== key));
  return objectOf([...Object.entries({ ...value, [key]: next })]);
}

/** What turns `from` into `to`: changed keys with their new value, removed ones with null. */
export function mergePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: [string, Json][] = [];
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(to, key)) patch.push([key, null]);
  }
  for (const [key, after] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (sameJson(before, after)) continue;
    patch.push([key, isObject(before) && isObject(after) ? mergePatch(before, after) : after]);
  }
  return objectOf(patch);
}

/** `target` with the patch applied. Below "execution" null is a value ("default"), elsewhere it removes. */
export function applyPatch(target: JsonObject, patch: JsonObject, keepNull = false): JsonObject {
  const result = new Map(Object.entries(target));
  for (const [key, change] of Object.entries(patch)) {
    const before = result.get(key);
    if (change === null && !keepNull) result.delete(key);
    else if (isObject(change)) {
      result.set(key, applyPatch(isObject(before) ? before : {}, change, keepNull || key === "execution"));
    } else result.set(key, change);
  }
  return objectOf([...result]);
}

export interface Change {
  readonly path: string;
  /** undefined: there was none. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** What differs, down to the leaves; a list counts as one leaf. */
export function changes(from: JsonObject, to: JsonObject, prefix = ""): readonly Change[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key) => {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    const after = Object.hasOwn(to, key) ? to[key] : undefined;
    if (sameJson(before, after)) return [];
    const path = prefix + key;
    if (isObject(before) && isObject(after)) return changes(before, after, `${path}.`);
    return [{ path, before, after }];
  });
}

// Unlike assignment, this makes "__proto__" a key like any other.
function objectOf(entries: Iterable<readonly [string, Json]>): JsonObject {
  return Object.fromEntries(entries);
}
