import { describe, expect, it } from "vitest";
import { readSkill } from "@/ros/messages.ts";
import { folderName, freeName, nameProblem } from "./name.ts";

const SKILLS = ["pick-up-cup", "pick-up-cup-cleaned"].map((name) => readSkill({ name }));

describe("names of new skills", () => {
  it.each([
    ["Pick up cup!", "pick-up-cup"],
    ["  Two  spaces ", "two-spaces"],
    ["Größe", "gre"],
    ["…", ""],
  ])("%j gives the folder %j", (name, folder) => {
    expect(folderName(name)).toBe(folder);
  });

  it("are refused where they are empty or taken", () => {
    expect(nameProblem(" ", SKILLS)).toMatch(/name/);
    expect(nameProblem("…", SKILLS)).toMatch(/letters/);
    expect(nameProblem("PICK up cup", SKILLS)).toMatch(/already a skill in the folder pick-up-cup/);
    expect(nameProblem("Pick up mug", SKILLS)).toBeNull();
  });

  it("are free by default", () => {
    expect(freeName("Pick up mug cleaned", SKILLS)).toBe("Pick up mug cleaned");
    expect(freeName("Pick up cup cleaned", SKILLS)).toBe("Pick up cup cleaned 2");
  });
});
