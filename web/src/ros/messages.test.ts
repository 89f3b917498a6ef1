import { describe, expect, it } from "vitest";
import { readEpisode, readLog, readMetadataField, readSkill, readSkillList } from "./messages.ts";

describe("readSkillList", () => {
  it("takes what a bridge sends", () => {
    const list = readSkillList({
      stamp: { sec: 5, nanosec: 0 },
      skills_dir: "/home/robot/skills",
      problem: "",
      skills: [
        {
          name: "wave",
          display_name: "Wave",
          type: "replay",
          badge: "replay",
          episode_count: 3,
          size_bytes: "12345678901",
          uploaded_episode_count: -1,
          modified: { sec: 1, nsec: 500_000_000 },
        },
      ],
    });
    expect(list.stamp).toBe(5000);
    expect(list.skills[0]).toMatchObject({
      name: "wave",
      displayName: "Wave",
      badge: "replay",
      episodeCount: 3,
      sizeBytes: 12345678901,
      modified: 1500,
      cameras: [],
    });
  });

  it("survives what makes no sense", () => {
    expect(readSkillList(null)).toEqual({ stamp: 0, skillsDir: "", problem: "", skills: [] });
    const skill = readSkill({ name: "x", badge: "new kind", cameras: [1, "a"] });
    expect(skill).toMatchObject({
      badge: "broken",
      displayName: "x",
      cameras: ["", "a"],
      uploadedEpisodeCount: -1,
    });
    expect(readEpisode(3)).toMatchObject({ id: 0, frames: 0, problems: [] });
  });
});

describe("readMetadataField", () => {
  it("reads limits that are NaN, which arrive as null, as none", () => {
    const field = readMetadataField({
      path: "a",
      kind: "number",
      minimum: null,
      maximum: 5,
      default_json: "1",
    });
    expect(field).toMatchObject({ minimum: null, maximum: 5, defaultJson: "1", label: "a" });
    expect(readMetadataField({ path: "a", kind: "number", minimum: Number.NaN }).minimum).toBeNull();
  });
  it("shows a kind that it does not know as JSON", () => {
    expect(readMetadataField({ path: "a", kind: "colour" }).kind).toBe("object");
  });
});

describe("readLog", () => {
  const line = { level: 30, name: "training_manager.node", msg: "slow", stamp: { sec: 1, nanosec: 2 } };
  it("names levels", () => {
    expect([10, 20, 30, 40, 50, 0].map((level) => readLog({ ...line, level }).level)).toEqual([
      "debug",
      "info",
      "warning",
      "error",
      "fatal",
      "debug",
    ]);
  });
  it("has the same key by whichever bridge it comes, and another one a nanosecond later", () => {
    expect(readLog({ ...line, stamp: { sec: 1, nsec: 2 } }).key).toBe(readLog(line).key);
    expect(readLog({ ...line, stamp: { sec: 1, nanosec: 3 } }).key).not.toBe(readLog(line).key);
    expect(readLog({ ...line, msg: "other" }).key).not.toBe(readLog(line).key);
  });
});
