import type { Skill } from "@/ros/messages.ts";

export function hasProblem(skill: Skill): boolean {
  return skill.problem !== "" || skill.datasetProblems.length > 0;
}

/** Skills in which every word of the search stands somewhere: name, folder, badge, type, format. */
export function findSkills(
  skills: readonly Skill[],
  search: string,
  problemsOnly: boolean,
): readonly Skill[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return skills.filter((skill) => {
    if (problemsOnly && !hasProblem(skill)) return false;
    const text = [skill.displayName, skill.name, skill.badge, skill.type, skill.datasetFormat]
      .join("\n")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
