import { describe, expect, it } from "vitest";
import type { JsonObject } from "./json.ts";
import { applyPatch, changes, lookup, mergePatch, parseObject, replaced, sameJson } from "./json.ts";

const SKILL: JsonObject = {
  name: "Wave",
  execution: { duration: 120, start_pose: [0, 1, 2, 3, 4, 5], action_dim: null },
  inputs: {},
};

describe("mergePatch", () => {
  it("names only what changed", () => {
    const to = replaced(replaced(SKILL, "name", "Wave twice"), "execution.duration", 60);
    expect(mergePatch(SKILL, to)).toEqual({ name: "Wave twice", execution: { duration: 60 } });
  });

  it("is empty for the same value, also in another key order", () => {
    expect(mergePatch(SKILL, { inputs: {}, execution: SKILL["execution"] ?? null, name: "Wave" })).toEqual(
      {},
    );
  });

  it("removes with null and replaces lists as a whole", () => {
    expect(mergePatch({ a: 1, b: [1, 2] }, { b: [1, 3] })).toEqual({ a: null, b: [1, 3] });
  });

  it("applied to where it came from gives where it went", () => {
    const to: JsonObject = { name: "x", execution: { duration: 1, action_dim: null, extra: { a: [1] } } };
    const patched = applyPatch(SKILL, mergePatch(SKILL, to));
    // A key that is removed below execution is there as null, "default".
    expect(patched).toEqual({
      name: "x",
      execution: { duration: 1, start_pose: null, action_dim: null, extra: { a: [1] } },
    });
  });
});

describe("replaced", () => {
  it("keeps the order of keys and makes what is missing", () => {
    expect(Object.keys(replaced(SKILL, "name", "x"))).toEqual(["name", "execution", "inputs"]);
    expect(replaced({}, "execution.duration", 3)).toEqual({ execution: { duration: 3 } });
    expect(replaced({ execution: null }, "execution.duration", 3)).toEqual({ execution: { duration: 3 } });
    expect(replaced(SKILL, "execution.duration", undefined)["execution"]).not.toHaveProperty("duration");
  });

  it("does not touch the original", () => {
    const before = JSON.stringify(SKILL);
    replaced(SKILL, "execution.start_pose", []);
    expect(JSON.stringify(SKILL)).toBe(before);
  });
});

describe("changes", () => {
  it("lists leaves with both values", () => {
    const to = replaced(replaced(SKILL, "execution.duration", 60), "inputs", undefined);
    expect(changes(SKILL, to)).toEqual([
      { path: "execution.duration", before: 120, after: 60 },
      { path: "inputs", before: {}, after: undefined },
    ]);
  });
});

describe("parseObject", () => {
  it("takes objects alone", () => {
    expect(parseObject('{"a": 1}')).toEqual({ a: 1 });
    expect(parseObject("[1]")).toBeNull();
    expect(parseObject("null")).toBeNull();
    expect(parseObject("{oops")).toBeNull();
  });
});

describe("odd keys", () => {
  const odd = parseObject('{"__proto__": {"x": 1}, "a": 1}') ?? {};
  it("are keys like any other", () => {
    expect(lookup({}, "__proto__")).toBeUndefined();
    expect(lookup({}, "toString")).toBeUndefined();
    expect(lookup(odd, "__proto__.x")).toBe(1);
    expect(sameJson(odd, { a: 1 })).toBe(false);
    expect(JSON.stringify(mergePatch({}, odd))).toBe('{"__proto__":{"x":1},"a":1}');
    expect(JSON.stringify(replaced(odd, "a", 2))).toBe('{"__proto__":{"x":1},"a":2}');
  });
});
