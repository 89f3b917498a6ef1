import { createStore } from "zustand/vanilla";
import type { Connection } from "@/ros/client.ts";
import type { JobList } from "@/ros/jobs.ts";
import type { LogLine, SkillList } from "@/ros/messages.ts";
import type { RunList } from "@/ros/training.ts";

/** What the panel knows of the robot. Written by the feed alone (see feed.ts); components only read it. */
export interface PanelState {
  readonly connection: Connection;
  /** How often a connection was made: what no topic repeats is asked for again when it grows. */
  readonly epoch: number;
  /** null until the first list has arrived. */
  readonly skillList: SkillList | null;
  /** null until the first list has arrived. */
  readonly runList: RunList | null;
  /** null until the first list has arrived, which an older node never sends. */
  readonly jobList: JobList | null;
  readonly logs: readonly LogLine[];
}

export function createPanelStore() {
  return createStore<PanelState>(() => ({
    connection: { status: "connecting" },
    epoch: 0,
    skillList: null,
    runList: null,
    jobList: null,
    logs: [],
  }));
}

export type PanelStore = ReturnType<typeof createPanelStore>;
