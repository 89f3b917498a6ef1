import type { Skill } from "@/ros/messages.ts";

/** Datasets whose name, folder or format has every word of the search. */
export function findDatasets(datasets: readonly Skill[], search: string): readonly Skill[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return datasets.filter((skill) => {
    const text = `${skill.displayName}\n${skill.name}\n${skill.datasetFormat}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
