/** A run and a preset for tests, with what a test says of them. */
import type { Hyperparameter, Preset, RunField, RunFieldKind, TrainingRun } from "@/ros/training.ts";
import { readPreset, readRun } from "@/ros/training.ts";
import type { TrainingDefaults } from "@/ros/training_commands.ts";

export function aRun(facts: Partial<TrainingRun> = {}): TrainingRun {
  return { ...readRun({}), skill: "wave", runId: 1, ...facts };
}

const WHOLE = { integer: true, minimum: null, maximum: null, followsGpus: false, help: "" } as const;

const NUMBERS: readonly Hyperparameter[] = [
  {
    name: "LEARNING_RATE",
    defaultValue: 5e-5,
    minimum: 1e-8,
    maximum: 1,
    integer: false,
    followsGpus: false,
    help: "Step size.",
  },
  { ...WHOLE, name: "BATCH_SIZE", defaultValue: 96, minimum: 1, maximum: 8192, help: "Samples." },
  { ...WHOLE, name: "MAX_STEPS", defaultValue: 120_000, minimum: 1, help: "Steps." },
  { ...WHOLE, name: "WORLD_SIZE", defaultValue: 4, minimum: 1, maximum: 64, followsGpus: true },
];

function aField(name: string, kind: RunFieldKind, facts: Partial<RunField> = {}): RunField {
  return { name, label: name, kind, unit: "", minimum: null, maximum: null, help: "", ...facts };
}

const FIELDS: readonly RunField[] = [
  aField("gpu_type", "text"),
  aField("min_gpus", "integer", { minimum: 0, maximum: 64 }),
  aField("max_gpus", "integer", { minimum: 0, maximum: 64 }),
  aField("hours", "number", { label: "Deadline", unit: "hours", minimum: 0.01, maximum: 720 }),
  aField("budget", "number", { unit: "USD", minimum: 0.01, maximum: 1e6 }),
  aField("repo", "text"),
  aField("ref", "text"),
  aField("command", "list"),
];

export function someDefaults(...presets: readonly Preset[]): TrainingDefaults {
  return { defaultPreset: presets[0]?.name ?? "", presets, fields: FIELDS };
}

export function aPreset(facts: Partial<Preset> = {}): Preset {
  return {
    ...readPreset({}),
    name: "act",
    repo: "innate-inc/ACT",
    ref: "main",
    command: ["/training/project/cloud_run.sh"],
    gpuType: "H100",
    minGpus: 4,
    maxGpus: 4,
    hours: 5,
    budget: 200,
    gpuHourPrice: 2.5,
    envJson: '{"THREADS": "1"}',
    hyperparameters: NUMBERS,
    architectureJson: '{"vision_backbone": "resnet18"}',
    ...facts,
  };
}
