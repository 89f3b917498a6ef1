/** Long work as `~/jobs` shows it: see msg/Job.msg for what each field means. */
import { flag, list, number, record, stamp, text } from "./wire.ts";

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  /** Folder names of the skills that it needs unchanged, and of those that it makes or changes. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly argumentsJson: string;
  readonly stage: string;
  readonly itemsDone: number;
  /** 0: nothing to count; so it is with bytes. */
  readonly itemsTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** 0 to 1. */
  readonly fraction: number;
  /** Bytes per second, or items where no bytes are counted; 0: unknown. */
  readonly rate: number;
  /** -1: unknown. */
  readonly secondsLeft: number;
  readonly message: string;
  readonly pausable: boolean;
  readonly paused: boolean;
  readonly cancelling: boolean;
  /** Milliseconds; 0: not yet. */
  readonly created: number;
  readonly started: number;
  readonly finished: number;
  /** "" before it is done. */
  readonly resultJson: string;
}

export interface JobList {
  readonly stamp: number;
  readonly problem: string;
  /** The newest first. */
  readonly jobs: readonly Job[];
}

const STATES: readonly string[] = [
  "queued",
  "running",
  "done",
  "failed",
  "cancelled",
  "interrupted",
] satisfies JobState[];

export function readJob(wire: unknown): Job {
  const job = record(wire);
  const state = text(job["state"]);
  return {
    id: text(job["id"]),
    kind: text(job["kind"]),
    state: STATES.includes(state) ? (state as JobState) : "interrupted",
    reads: list(job["reads"], text),
    writes: list(job["writes"], text),
    argumentsJson: text(job["arguments_json"]),
    stage: text(job["stage"]),
    itemsDone: number(job["items_done"]),
    itemsTotal: number(job["items_total"]),
    bytesDone: number(job["bytes_done"]),
    bytesTotal: number(job["bytes_total"]),
    fraction: Math.min(1, Math.max(0, number(job["fraction"]))),
    rate: number(job["rate"]),
    secondsLeft: number(job["seconds_left"], -1),
    message: text(job["message"]),
    pausable: flag(job["pausable"]),
    paused: flag(job["paused"]),
    cancelling: flag(job["cancelling"]),
    created: stamp(job["created"]),
    started: stamp(job["started"]),
    finished: stamp(job["finished"]),
    resultJson: text(job["result_json"]),
  };
}

export function readJobList(wire: unknown): JobList {
  const message = record(wire);
  return {
    stamp: stamp(message["stamp"]),
    problem: text(message["problem"]),
    jobs: list(message["jobs"], readJob),
  };
}

export function isActive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}
