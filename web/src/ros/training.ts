/** What the package's messages tell of training: see msg/ for what each field means. */
import { flag, list, number, record, stamp, text } from "./wire.ts";

/** How much of a run's results is on the robot. */
export type LocalState = "absent" | "partial" | "whole" | "unknown";

export interface TrainingRun {
  readonly skill: string;
  readonly skillId: string;
  readonly runId: number;
  /** As the server says it; not only the known ones. */
  readonly status: string;
  readonly daemonState: string;
  /** May stand beside any status. */
  readonly errorMessage: string;
  readonly active: boolean;
  readonly paramsJson: string;
  /** Milliseconds; 0 where it is unknown, as for all times here. */
  readonly created: number;
  readonly updated: number;
  readonly approved: number;
  readonly started: number;
  readonly finished: number;
  readonly instanceIp: string;
  readonly instanceType: string;
  readonly commit: string;
  readonly step: number;
  /** 0: unknown. */
  readonly totalSteps: number;
  readonly loss: number | null;
  readonly secondsLeft: number | null;
  readonly localState: LocalState;
  readonly inUse: boolean;
}

export interface RunList {
  readonly stamp: number;
  readonly server: string;
  readonly signedIn: boolean;
  readonly problem: string;
  /** Milliseconds; 0 while the server answers. */
  readonly lostSince: number;
  readonly features: readonly string[];
  readonly skillProblems: readonly string[];
  /** Newest first. */
  readonly runs: readonly TrainingRun[];
}

export interface Hyperparameter {
  readonly name: string;
  readonly defaultValue: number;
  /** null: no limit. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly integer: boolean;
  /** Unless it is set, it is the number of GPUs where that is certain. */
  readonly followsGpus: boolean;
  readonly help: string;
}

/** Something of a run besides its hyperparameters that can be asked for. */
export interface RunField {
  readonly name: string;
  readonly label: string;
  readonly kind: RunFieldKind;
  readonly unit: string;
  /** null: no limit. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly help: string;
}

export type RunFieldKind = "text" | "integer" | "number" | "list";

export interface Preset {
  readonly name: string;
  readonly description: string;
  readonly repo: string;
  readonly ref: string;
  readonly command: readonly string[];
  readonly gpuType: string;
  readonly minGpus: number;
  readonly maxGpus: number;
  readonly hours: number;
  readonly budget: number;
  /** USD for one GPU and hour; 0: unknown. */
  readonly gpuHourPrice: number;
  readonly envJson: string;
  readonly hyperparameters: readonly Hyperparameter[];
  readonly architectureJson: string;
}

export interface Curve {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

const LOCAL_STATES: readonly string[] = ["absent", "partial", "whole", "unknown"] satisfies LocalState[];

/** Numbers of this size stand for "no limit". */
const NO_LIMIT = 1e308;

export function readRun(wire: unknown): TrainingRun {
  const run = record(wire);
  const local = text(run["local_state"]);
  const left = number(run["seconds_left"], -1);
  return {
    skill: text(run["skill"]),
    skillId: text(run["skill_id"]),
    runId: number(run["run_id"]),
    status: text(run["status"]),
    daemonState: text(run["daemon_state"]),
    errorMessage: text(run["error_message"]),
    active: flag(run["active"]),
    paramsJson: text(run["training_params_json"]),
    created: stamp(run["created"]),
    updated: stamp(run["updated"]),
    approved: stamp(run["approved"]),
    started: stamp(run["started"]),
    finished: stamp(run["finished"]),
    instanceIp: text(run["instance_ip"]),
    instanceType: text(run["instance_type"]),
    commit: text(run["commit"]),
    step: number(run["step"]),
    totalSteps: number(run["total_steps"]),
    loss: flag(run["has_loss"]) ? finite(run["loss"]) : null,
    secondsLeft: left >= 0 ? left : null,
    localState: LOCAL_STATES.includes(local) ? (local as LocalState) : "unknown",
    inUse: flag(run["in_use"]),
  };
}

export function readRunList(wire: unknown): RunList {
  const message = record(wire);
  return {
    stamp: stamp(message["stamp"]),
    server: text(message["server"]),
    signedIn: flag(message["signed_in"]),
    problem: text(message["problem"]),
    lostSince: stamp(message["lost_since"]),
    features: list(message["features"], text),
    skillProblems: list(message["skill_problems"], text),
    runs: list(message["runs"], readRun),
  };
}

function readHyperparameter(wire: unknown): Hyperparameter {
  const item = record(wire);
  return {
    name: text(item["name"]),
    defaultValue: number(item["default_value"]),
    minimum: limit(item["minimum"]),
    maximum: limit(item["maximum"]),
    integer: flag(item["integer"]),
    followsGpus: flag(item["follows_gpus"]),
    help: text(item["help"]),
  };
}

const FIELD_KINDS: readonly string[] = ["text", "integer", "number", "list"] satisfies RunFieldKind[];

export function readRunField(wire: unknown): RunField {
  const field = record(wire);
  const kind = text(field["kind"]);
  return {
    name: text(field["name"]),
    label: text(field["label"]),
    kind: FIELD_KINDS.includes(kind) ? (kind as RunFieldKind) : "text",
    unit: text(field["unit"]),
    minimum: limit(field["minimum"]),
    maximum: limit(field["maximum"]),
    help: text(field["help"]),
  };
}

export function readPreset(wire: unknown): Preset {
  const preset = record(wire);
  return {
    name: text(preset["name"]),
    description: text(preset["description"]),
    repo: text(preset["repo"]),
    ref: text(preset["ref"]),
    command: list(preset["command"], text),
    gpuType: text(preset["gpu_type"]),
    minGpus: number(preset["min_gpus"]),
    maxGpus: number(preset["max_gpus"]),
    hours: number(preset["hours"]),
    budget: number(preset["budget"]),
    gpuHourPrice: number(preset["gpu_hour_price"]),
    envJson: text(preset["env_json"]),
    hyperparameters: list(preset["hyperparameters"], readHyperparameter),
    architectureJson: text(preset["architecture_json"]),
  };
}

/** Points without a finite value are left out. */
export function readCurve(wire: unknown): Curve {
  const curve = record(wire);
  const values = list(curve["values"], (value) => finite(value));
  const steps = list(curve["steps"], (step) => number(step));
  const kept = values.flatMap((value, index) => (value === null || index >= steps.length ? [] : [index]));
  return {
    name: text(curve["name"]),
    steps: kept.map((index) => steps[index] ?? 0),
    values: kept.map((index) => values[index] ?? 0),
  };
}

function finite(value: unknown): number | null {
  const found = number(value, Number.NaN);
  return Number.isFinite(found) ? found : null;
}

function limit(value: unknown): number | null {
  const found = finite(value);
  return found !== null && Math.abs(found) < NO_LIMIT ? found : null;
}
