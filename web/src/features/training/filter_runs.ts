import type { TrainingRun } from "@/ros/training.ts";

/** Runs of one skill or of all (null), and only those that go on. In the order in which they come. */
export function filterRuns(
  runs: readonly TrainingRun[],
  skill: string | null,
  activeOnly: boolean,
): readonly TrainingRun[] {
  if (skill === null && !activeOnly) return runs;
  return runs.filter((run) => (skill === null || run.skill === skill) && (!activeOnly || run.active));
}
