import { describe, expect, it } from "vitest";
import { HOME, formatRoute, parseRoute } from "./route.ts";

describe("parseRoute and formatRoute", () => {
  it.each([
    "#/skills",
    "#/skills/pick_up_cup",
    "#/datasets",
    "#/datasets/pick_up_cup",
    "#/datasets/pick_up_cup/0",
    "#/datasets/pick_up_cup/12?t=3.467",
    "#/datasets/a%2Fb%20%C3%A9%3F/12",
    "#/training",
    "#/training/pick_up_cup",
    "#/training/pick_up_cup/12",
    "#/training/pick_up_cup/12?with=11",
    "#/training/pick_up_cup/12?with=12&of=fold%20towel",
    "#/training/pick_up_cup/new",
    "#/training/pick_up_cup/new?from=3",
    "#/training/new",
    "#/training/new/new",
    "#/training?new",
  ])("%s survives", (hash) => {
    expect(formatRoute(parseRoute(hash))).toBe(hash);
  });

  it("decodes names", () => {
    expect(parseRoute("#/skills/a%2Fb%20c").skill).toBe("a/b c");
  });

  it.each(["", "#", "#/", "#/nonsense", "#/nonsense/x"])("%j is the start page", (hash) => {
    expect(parseRoute(hash)).toEqual(HOME);
  });

  it("ignores what makes no sense", () => {
    expect(parseRoute("#/datasets/x/-1").episode).toBeNull();
    expect(parseRoute("#/datasets/x/1e3").episode).toBeNull();
    expect(parseRoute("#/datasets/x?t=4").time).toBeNull();
    expect(parseRoute("#/datasets/x/1?t=-4").time).toBeNull();
    expect(parseRoute("#/datasets/x/1?t=abc").time).toBeNull();
    expect(parseRoute("#/skills/x/4").episode).toBeNull();
    expect(parseRoute("#/training/x/run").run).toBeNull();
    expect(parseRoute("#/training/x/-3").run).toBeNull();
    expect(parseRoute("#/training//3").run).toBeNull();
    expect(parseRoute("#/training/x?new").run).toBeNull();
    expect(parseRoute("#/training/x/3?with=3").other).toBeNull();
    expect(parseRoute("#/training/x?with=3").other).toBeNull();
    expect(parseRoute("#/training/x/3?with=3&of=x").other).toBeNull();
    expect(parseRoute("#/training/x/3?with=4&of=x").otherSkill).toBeNull();
    expect(parseRoute("#/training/x/new?from=4&of=y").otherSkill).toBeNull();
    expect(parseRoute("#/datasets/x/new").run).toBeNull();
    expect(parseRoute("#/skills/%E0%A4%A").skill).toBe("%E0%A4%A");
  });
});
