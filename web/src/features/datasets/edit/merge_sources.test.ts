import { describe, expect, it } from "vitest";
import type { Chosen } from "./merge_sources.ts";
import { added, changed, episodesProblem, family, moved, toSources } from "./merge_sources.ts";

const skills = (chosen: readonly Chosen[]) => chosen.map((one) => one.skill).join("");

describe("sources of a merge", () => {
  const abc = added(added(added([], "a"), "b"), "c");

  it("are added once each, in order, and moved", () => {
    expect(skills(added(abc, "b"))).toBe("abc");
    expect(skills(moved(abc, "c", -1))).toBe("acb");
    expect(skills(moved(abc, "a", 1))).toBe("bac");
    expect(moved(abc, "a", -1)).toBe(abc);
    expect(moved(abc, "c", 1)).toBe(abc);
  });

  it("become what the robot is asked for", () => {
    let chosen = changed(abc, "a", { episodes: "0-2, 7" });
    chosen = changed(chosen, "b", { cameras: { front: " main ", wrist: "", top: "top" } });
    expect(toSources(chosen)).toEqual([
      { skill: "a", episodes: [0, 1, 2, 7], cameras: {} },
      { skill: "b", episodes: null, cameras: { front: "main" } },
      { skill: "c", episodes: null, cameras: {} },
    ]);
  });

  it("say what is wrong with the episodes", () => {
    const wrong = changed(abc, "b", { episodes: "7-3" });
    expect(wrong.map(episodesProblem)).toEqual([null, expect.stringMatching(/backwards/), null]);
    expect(toSources(wrong)).toBeNull();
  });

  it("belong to one of two families", () => {
    expect(family("h5")).toBe(family("mixed"));
    expect(family("lerobot-v2.1")).toBe(family("lerobot-v3.0"));
    expect(family("h264")).not.toBe(family("lerobot-v3.0"));
  });
});
