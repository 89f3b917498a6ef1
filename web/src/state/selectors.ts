import type { Job } from "@/ros/jobs.ts";
import type { Skill } from "@/ros/messages.ts";
import type { PanelState } from "./store.ts";

const NONE: readonly Skill[] = [];

export const selectSkills = (state: PanelState): readonly Skill[] => state.skillList?.skills ?? NONE;

export const selectSkill =
  (name: string) =>
  (state: PanelState): Skill | undefined =>
    state.skillList?.skills.find((skill) => skill.name === name);

export const selectLoaded = (state: PanelState): boolean => state.skillList !== null;

const NO_JOBS: readonly Job[] = [];

/** The newest first. */
export const selectJobs = (state: PanelState): readonly Job[] => state.jobList?.jobs ?? NO_JOBS;
