import type { Job } from "@/ros/jobs.ts";
import type { TrainingRun } from "@/ros/training.ts";
import { parseObject } from "@/text/json.ts";

/** The newest download of a run's results, under way or ended. */
export function downloadOf(jobs: readonly Job[], run: Pick<TrainingRun, "skill" | "runId">): Job | undefined {
  return jobs.find((job) => {
    if (job.kind !== "download_run") return false;
    const asked = parseObject(job.argumentsJson);
    return asked?.["skill"] === run.skill && asked["run_id"] === run.runId;
  });
}
