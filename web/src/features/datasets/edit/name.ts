/** Names of new skills. The folder's name follows from the name by the robot's own rule. */
import type { Skill } from "@/ros/messages.ts";

/** As skills/folders.py makes it; "" where nothing is left. */
export function folderName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9\s-]/g, "")
    .trim()
    .replace(/\s+/g, "-")
    .toLowerCase();
}

/** What is wrong with a new skill's name; null where nothing is. */
export function nameProblem(name: string, skills: readonly Skill[]): string | null {
  if (name.trim() === "") return "Give it a name.";
  const folder = folderName(name);
  if (folder === "") return "Use letters a to z, digits or “-”.";
  if (folder.length > 200) return "This name is too long.";
  const taken = skills.find((skill) => skill.name.toLowerCase() === folder);
  return taken ? `There is already a skill in the folder ${taken.name}. Choose another name.` : null;
}

/** `Pick up cup cleaned`, or with a number where that is taken. */
export function freeName(wanted: string, skills: readonly Skill[]): string {
  let name = wanted;
  for (let number = 2; nameProblem(name, skills) !== null && number < 1000; number += 1) {
    name = `${wanted} ${number}`;
  }
  return name;
}
