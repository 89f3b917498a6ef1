/** Plans of edits, and what a check found: see msg/EditPlan.msg, Finding.msg and their like. */
import type { Verdict } from "./messages.ts";
import { flag, list, number, record, stamp, text } from "./wire.ts";

export interface PlanProblem {
  readonly message: string;
  readonly remedy: string;
  /** The edit can't be done as long as this stands. */
  readonly blocks: boolean;
  /** The rule of a merge that would settle it, such as "any_width"; "": none. */
  readonly rule: string;
}

export interface EditPlan {
  /** Folder name of the skill that the edit makes. */
  readonly name: string;
  readonly format: string;
  readonly rate: number;
  readonly cameras: readonly string[];
  readonly sources: readonly string[];
  /** Where each episode of the result comes from; its id in the result is the position. */
  readonly origins: readonly Origin[];
  readonly frames: number;
  readonly problems: readonly PlanProblem[];
  readonly possible: boolean;
  readonly bytesToWrite: number;
  readonly bytesShared: number;
  readonly bytesFree: number;
  readonly seconds: number;
}

export interface Origin {
  readonly skill: string;
  readonly episode: number;
}

export interface MergeSource {
  readonly skill: string;
  /** null: all of them. */
  readonly episodes: readonly number[] | null;
  /** New names of cameras. */
  readonly cameras: Readonly<Record<string, string>>;
}

export interface MergeRules {
  /** null: the sources must agree. */
  readonly rate: number | null;
  readonly anyWidth: boolean;
  readonly anyCameras: boolean;
}

export const NO_RULES: MergeRules = { rate: null, anyWidth: false, anyCameras: false };

export type Severity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  /** null: the whole dataset. */
  readonly episode: number | null;
  readonly camera: string;
  readonly message: string;
  readonly remedy: string;
}

export interface CheckResult {
  readonly checked: boolean;
  /** Whether the dataset is still as it was then. */
  readonly current: boolean;
  readonly stamp: number;
  /** Of the check that waits or runs now; "": none. */
  readonly jobId: string;
  /** The worst first. */
  readonly findings: readonly Finding[];
}

/** What is to be set; what is left out stays as it is. */
export interface MarkChange {
  readonly verdict?: Verdict;
  readonly note?: string;
}

function readProblem(wire: unknown): PlanProblem {
  const problem = record(wire);
  return {
    message: text(problem["message"]),
    remedy: text(problem["remedy"]),
    blocks: flag(problem["blocks"]),
    rule: text(problem["rule"]),
  };
}

export function readEditPlan(wire: unknown): EditPlan {
  const plan = record(wire);
  const skills = list(plan["origin_skills"], text);
  const episodes = list(plan["origin_episodes"], (id) => number(id));
  return {
    name: text(plan["name"]),
    format: text(plan["dataset_format"]),
    rate: number(plan["rate"]),
    cameras: list(plan["cameras"], text),
    sources: list(plan["sources"], text),
    origins: episodes.map((episode, position) => ({ skill: skills[position] ?? "", episode })),
    frames: number(plan["frames"]),
    problems: list(plan["problems"], readProblem),
    possible: flag(plan["possible"]),
    bytesToWrite: number(plan["bytes_to_write"]),
    bytesShared: number(plan["bytes_shared"]),
    bytesFree: number(plan["bytes_free"]),
    seconds: number(plan["seconds"]),
  };
}

const SEVERITIES: readonly string[] = ["error", "warning", "note"] satisfies Severity[];

export function readFinding(wire: unknown): Finding {
  const finding = record(wire);
  const severity = text(finding["severity"]);
  const episode = number(finding["episode"], -1);
  return {
    severity: SEVERITIES.includes(severity) ? (severity as Severity) : "note",
    code: text(finding["code"]),
    episode: episode < 0 ? null : episode,
    camera: text(finding["camera"]),
    message: text(finding["message"]),
    remedy: text(finding["remedy"]),
  };
}

export function readCheckResult(wire: unknown): CheckResult {
  const answer = record(wire);
  return {
    checked: flag(answer["checked"]),
    current: flag(answer["current"]),
    stamp: stamp(answer["stamp"]),
    jobId: text(answer["job_id"]),
    findings: list(answer["findings"], readFinding),
  };
}
