import type { Job } from "@/ros/jobs.ts";
import type { Skill } from "@/ros/messages.ts";
import type { TrainingRun } from "@/ros/training.ts";
import type { PanelState } from "./store.ts";

const NONE: readonly Skill[] = [];

export const selectSkills = (state: PanelState): readonly Skill[] => state.skillList?.skills ?? NONE;

export const selectSkill =
  (name: string) =>
  (state: PanelState): Skill | undefined =>
    state.skillList?.skills.find((skill) => skill.name === name);

export const selectConnected = (state: PanelState): boolean => state.connection.status === "open";

export const selectLoaded = (state: PanelState): boolean => state.skillList !== null;

const NO_JOBS: readonly Job[] = [];

/** The newest first. */
export const selectJobs = (state: PanelState): readonly Job[] => state.jobList?.jobs ?? NO_JOBS;

const NO_RUNS: readonly TrainingRun[] = [];

/** The newest first. */
export const selectRuns = (state: PanelState): readonly TrainingRun[] => state.runList?.runs ?? NO_RUNS;

/** Whether the training server has an extra: "cancel", "logs", "metrics", "approval" … */
export const selectFeature =
  (feature: string) =>
  (state: PanelState): boolean =>
    state.runList?.features.includes(feature) ?? false;
