/** A run and a preset for tests, with what a test says of them. */
import type { Hyperparameter, Preset, TrainingRun } from "@/ros/training.ts";
import { readPreset, readRun } from "@/ros/training.ts";

export function aRun(facts: Partial<TrainingRun> = {}): TrainingRun {
  return { ...readRun({}), skill: "wave", runId: 1, ...facts };
}

const NUMBERS: readonly Hyperparameter[] = [
  {
    name: "LEARNING_RATE",
    defaultValue: 5e-5,
    minimum: 1e-8,
    maximum: 1,
    integer: false,
    help: "Step size.",
  },
  { name: "BATCH_SIZE", defaultValue: 96, minimum: 1, maximum: 8192, integer: true, help: "Samples." },
  { name: "MAX_STEPS", defaultValue: 120_000, minimum: 1, maximum: null, integer: true, help: "Steps." },
];

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
