import { describe, expect, it } from "vitest";
import { readSkill } from "@/ros/messages.ts";
import { findSkills } from "./find_skills.ts";

const SKILLS = [
  readSkill({
    name: "pick_cup",
    display_name: "Pick up the cup",
    type: "learned",
    badge: "ready",
    dataset_format: "h264",
  }),
  readSkill({
    name: "wave",
    display_name: "Wave",
    type: "replay",
    badge: "replay",
    dataset_problems: ["a file is missing"],
  }),
  readSkill({ name: "odd", badge: "broken", problem: "no JSON" }),
];
const names = (search: string, problems = false) => findSkills(SKILLS, search, problems).map((s) => s.name);

describe("findSkills", () => {
  it("finds by any part of name, folder, badge, type and format", () => {
    expect(names("cup")).toEqual(["pick_cup"]);
    expect(names("PICK up")).toEqual(["pick_cup"]);
    expect(names("h264 ready")).toEqual(["pick_cup"]);
    expect(names("broken")).toEqual(["odd"]);
    expect(names("")).toHaveLength(3);
    expect(names("cup wave")).toEqual([]);
  });
  it("finds those with problems, of skill or dataset", () => {
    expect(names("", true)).toEqual(["wave", "odd"]);
  });
});
