import { useMemo, useState } from "react";
import type { CheckResult, Finding } from "@/ros/editing.ts";
import type { Job } from "@/ros/jobs.ts";
import { isActive } from "@/ros/jobs.ts";
import type { Skill } from "@/ros/messages.ts";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectJobs } from "@/state/selectors.ts";
import { byEpisode } from "./findings.ts";

export interface Check {
  /** Of the last check; null until the robot has answered. */
  readonly result: CheckResult | null;
  /** Why there is no result, or why a check could not be started. */
  readonly problem: string | null;
  /** The check that waits or runs. */
  readonly job: Job | null;
  /** Why the newest check did not come to an end. */
  readonly failure: string | null;
  readonly start: () => void;
  readonly cancel: () => void;
  readonly findingsOf: (episode: number) => readonly Finding[];
}

const NONE: readonly Finding[] = [];

/** The last check of a dataset, and the one that runs. */
export function useCheck(skill: string, listed: Skill | undefined): Check {
  const commands = useCommands();
  const jobs = usePanel(selectJobs);
  const [refused, setRefused] = useState<string | null>(null);
  const mine = jobs.filter((job) => job.kind === "check_dataset" && job.reads.includes(skill));
  const newest = mine[0];
  const job = mine.find(isActive) ?? null;
  const version = `${newest?.id ?? ""} ${newest?.state ?? ""} ${listed?.modified ?? 0} ${listed?.sizeBytes ?? 0}`;
  const { value, problem } = useAnswer(skill, version, () => commands.checkDataset(skill));
  const found = useMemo(() => byEpisode(value?.findings ?? NONE), [value]);

  function attempt(act: () => Promise<unknown>): void {
    setRefused(null);
    act().catch((error: unknown) => setRefused(error instanceof Error ? error.message : String(error)));
  }

  return {
    result: value,
    problem: refused ?? problem,
    job,
    failure: newest?.state === "failed" || newest?.state === "interrupted" ? newest.message : null,
    start: () => attempt(() => commands.startJob("check_dataset", { skill })),
    cancel: () => job && attempt(() => commands.cancelJob(job.id)),
    findingsOf: useMemo(() => (episode: number) => found.get(episode) ?? NONE, [found]),
  };
}
