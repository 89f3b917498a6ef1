/** The package's messages as the panel uses them: see msg/ and srv/ for what each field means. */
import { flag, list, nanoseconds, number, record, stamp, text } from "./wire.ts";

export type Badge = "replay" | "ready" | "in training" | "broken";

export interface Skill {
  readonly name: string;
  readonly displayName: string;
  readonly type: string;
  readonly badge: Badge;
  readonly problem: string;
  readonly revision: string;
  readonly datasetFormat: string;
  readonly episodeCount: number;
  readonly rate: number;
  readonly sizeBytes: number;
  readonly cameras: readonly string[];
  readonly datasetProblems: readonly string[];
  readonly checkpoint: string;
  readonly trainingSkillId: string;
  readonly uploadedEpisodeCount: number;
  /** Milliseconds; 0 where it is unknown. */
  readonly modified: number;
}

export interface SkillList {
  readonly stamp: number;
  readonly skillsDir: string;
  readonly problem: string;
  readonly skills: readonly Skill[];
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export type FieldKind = "string" | "text" | "integer" | "number" | "choice" | "pose" | "pose_list" | "object";

export interface MetadataField {
  readonly path: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly description: string;
  readonly unit: string;
  readonly required: boolean;
  /** null: no limit. */
  readonly minimum: number | null;
  readonly exclusiveMinimum: boolean;
  readonly maximum: number | null;
  readonly defaultJson: string;
  readonly choices: readonly string[];
}

export interface Camera {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly pixFmt: string;
}

/** What somebody said about an episode; "" where nobody did. */
export type Verdict = "" | "keep" | "reject";

export interface Episode {
  readonly id: number;
  readonly file: string;
  readonly frames: number;
  readonly duration: number;
  readonly sizeBytes: number;
  readonly start: string;
  readonly end: string;
  readonly cameras: readonly string[];
  readonly converted: boolean;
  readonly task: string;
  readonly problems: readonly string[];
  readonly verdict: Verdict;
  readonly note: string;
}

export type Level = "debug" | "info" | "warning" | "error" | "fatal";

export interface LogLine {
  /** Milliseconds. */
  readonly time: number;
  readonly level: Level;
  readonly name: string;
  readonly message: string;
  /** The same for the same line, however often and by whichever way it arrives. */
  readonly key: string;
}

const BADGES: readonly string[] = ["replay", "ready", "in training", "broken"] satisfies Badge[];
const KINDS: readonly string[] = [
  "string",
  "text",
  "integer",
  "number",
  "choice",
  "pose",
  "pose_list",
  "object",
] satisfies FieldKind[];

export function readSkill(wire: unknown): Skill {
  const skill = record(wire);
  const badge = text(skill["badge"]);
  return {
    name: text(skill["name"]),
    displayName: text(skill["display_name"]) || text(skill["name"]),
    type: text(skill["type"]),
    badge: BADGES.includes(badge) ? (badge as Badge) : "broken",
    problem: text(skill["problem"]),
    revision: text(skill["revision"]),
    datasetFormat: text(skill["dataset_format"]),
    episodeCount: number(skill["episode_count"]),
    rate: number(skill["rate"]),
    sizeBytes: number(skill["size_bytes"]),
    cameras: list(skill["cameras"], text),
    datasetProblems: list(skill["dataset_problems"], text),
    checkpoint: text(skill["checkpoint"]),
    trainingSkillId: text(skill["training_skill_id"]),
    uploadedEpisodeCount: number(skill["uploaded_episode_count"], -1),
    modified: stamp(skill["modified"]),
  };
}

export function readSkillList(wire: unknown): SkillList {
  const message = record(wire);
  return {
    stamp: stamp(message["stamp"]),
    skillsDir: text(message["skills_dir"]),
    problem: text(message["problem"]),
    skills: list(message["skills"], readSkill),
  };
}

export function readFieldError(wire: unknown): FieldError {
  const error = record(wire);
  return { field: text(error["field"]), message: text(error["message"]) };
}

/** A limit that is NaN arrives as null, and stands for "none". */
function limit(value: unknown): number | null {
  const found = number(value, Number.NaN);
  return Number.isFinite(found) ? found : null;
}

export function readMetadataField(wire: unknown): MetadataField {
  const field = record(wire);
  const kind = text(field["kind"]);
  return {
    path: text(field["path"]),
    kind: KINDS.includes(kind) ? (kind as FieldKind) : "object",
    label: text(field["label"]) || text(field["path"]),
    description: text(field["description"]),
    unit: text(field["unit"]),
    required: flag(field["required"]),
    minimum: limit(field["minimum"]),
    exclusiveMinimum: flag(field["exclusive_minimum"]),
    maximum: limit(field["maximum"]),
    defaultJson: text(field["default_json"]) || "null",
    choices: list(field["choices"], text),
  };
}

export function readCamera(wire: unknown): Camera {
  const camera = record(wire);
  return {
    name: text(camera["name"]),
    width: number(camera["width"]),
    height: number(camera["height"]),
    codec: text(camera["codec"]),
    pixFmt: text(camera["pix_fmt"]),
  };
}

export function readEpisode(wire: unknown): Episode {
  const episode = record(wire);
  const verdict = text(episode["verdict"]);
  return {
    id: number(episode["id"]),
    file: text(episode["file"]),
    frames: number(episode["frames"]),
    duration: number(episode["duration"]),
    sizeBytes: number(episode["size_bytes"]),
    start: text(episode["start"]),
    end: text(episode["end"]),
    cameras: list(episode["cameras"], text),
    converted: flag(episode["converted"]),
    task: text(episode["task"]),
    problems: list(episode["problems"], text),
    verdict: verdict === "keep" || verdict === "reject" ? verdict : "",
    note: text(episode["note"]),
  };
}

/** rcl_interfaces/Log counts levels in tens. */
function level(value: number): Level {
  if (value >= 50) return "fatal";
  if (value >= 40) return "error";
  if (value >= 30) return "warning";
  return value >= 20 ? "info" : "debug";
}

export function readLog(wire: unknown): LogLine {
  const log = record(wire);
  const time = record(log["stamp"]);
  const [name, message] = [text(log["name"]), text(log["msg"])];
  const severity = number(log["level"]);
  return {
    time: stamp(time),
    level: level(severity),
    name,
    message,
    key: `${number(time["sec"] ?? time["secs"])}.${nanoseconds(time)} ${severity} ${name} ${message}`,
  };
}
