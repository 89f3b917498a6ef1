import type { Ask } from "./ask.ts";
import type { Curve, Preset, RunField, TrainingRun } from "./training.ts";
import { readCurve, readPreset, readRun, readRunField } from "./training.ts";
import { flag, list, number, text } from "./wire.ts";

export interface UploadPlan {
  /** "uploaded": nothing is left to do; else why there is. */
  readonly state: string;
  readonly episodes: number;
  readonly rawEpisodes: number;
  readonly files: number;
  readonly bytes: number;
  readonly newFiles: number;
  readonly changedFiles: number;
  /** At most. */
  readonly bytesToSend: number;
  /** Other skills here that are the same skill on the server, as copied folders are. */
  readonly sharedWith: readonly string[];
  /** Because of them: an upload would replace the files of one of them. */
  readonly refused: boolean;
}

export interface TrainingDefaults {
  readonly defaultPreset: string;
  readonly presets: readonly Preset[];
  /** What else can be asked for, the same for every preset. */
  readonly fields: readonly RunField[];
}

/** What is left out, empty, or null is as the preset has it. */
export interface RunRequest {
  readonly skill: string;
  readonly preset: string;
  readonly hyperparametersJson: string;
  readonly repo: string;
  readonly ref: string;
  readonly command: readonly string[];
  readonly gpuType: string;
  readonly minGpus: number | null;
  readonly maxGpus: number | null;
  readonly hours: number | null;
  readonly budget: number | null;
  readonly envJson: string;
  readonly extraJson: string;
}

export interface LogPart {
  readonly text: string;
  /** Offset of its first byte. */
  readonly start: number;
  readonly nextOffset: number;
  /** Nothing more will come. */
  readonly complete: boolean;
}

/** What the robot uses now; "" for nothing. */
export interface InUse {
  readonly checkpoint: string;
  readonly statsFile: string;
  readonly reloaded: boolean;
}

export interface TrainingCommands {
  planUpload(skill: string): Promise<UploadPlan>;
  getTrainingDefaults(): Promise<TrainingDefaults>;
  createRun(request: RunRequest): Promise<TrainingRun>;
  getRun(skill: string, runId: number): Promise<{ run: TrainingRun; curves: readonly Curve[] }>;
  /** Asks the server now; `skill` "" means all. The answer comes by the topic. */
  refreshRuns(skill: string): Promise<void>;
  /** A negative offset counts from the end. */
  runLog(skill: string, runId: number, offset: number, limit: number): Promise<LogPart>;
  cancelRun(skill: string, runId: number): Promise<TrainingRun>;
  approveRun(skill: string, runId: number): Promise<TrainingRun>;
  rejectRun(skill: string, runId: number, reason: string): Promise<TrainingRun>;
  activateRun(skill: string, runId: number): Promise<InUse>;
  /** Uses what was in use before, or nothing. */
  deactivateRun(skill: string, rollBack: boolean): Promise<InUse>;
}

export function createTrainingCommands(ask: Ask): TrainingCommands {
  async function review(skill: string, runId: number, approved: boolean, reason: string) {
    return readRun((await ask("review_run", { skill, run_id: runId, approved, reason }))["run"]);
  }

  async function inUse(name: string, request: object): Promise<InUse> {
    const answer = await ask(name, request);
    return {
      checkpoint: text(answer["checkpoint"]),
      statsFile: text(answer["stats_file"]),
      reloaded: flag(answer["reloaded"]),
    };
  }

  return {
    async planUpload(skill) {
      const answer = await ask("plan_upload", { skill });
      return {
        state: text(answer["state"]),
        episodes: number(answer["episodes"]),
        rawEpisodes: number(answer["raw_episodes"]),
        files: number(answer["files"]),
        bytes: number(answer["bytes"]),
        newFiles: number(answer["new_files"]),
        changedFiles: number(answer["changed_files"]),
        bytesToSend: number(answer["bytes_to_send"]),
        sharedWith: list(answer["shared_with"], text),
        refused: flag(answer["refused"]),
      };
    },

    async getTrainingDefaults() {
      const answer = await ask("get_training_defaults", {});
      return {
        defaultPreset: text(answer["default_preset"]),
        presets: list(answer["presets"], readPreset),
        fields: list(answer["fields"], readRunField),
      };
    },

    async createRun(request) {
      const answer = await ask("create_run", {
        skill: request.skill,
        preset: request.preset,
        hyperparameters_json: request.hyperparametersJson,
        repo: request.repo,
        ref: request.ref,
        command: request.command,
        gpu_type: request.gpuType,
        min_gpus: request.minGpus ?? -1,
        max_gpus: request.maxGpus ?? -1,
        hours: request.hours ?? 0,
        budget: request.budget ?? 0,
        env_json: request.envJson,
        extra_json: request.extraJson,
      });
      return readRun(answer["run"]);
    },

    async getRun(skill, runId) {
      const answer = await ask("get_run", { skill, run_id: runId });
      return { run: readRun(answer["run"]), curves: list(answer["curves"], readCurve) };
    },

    async refreshRuns(skill) {
      await ask("refresh_runs", { skill });
    },

    async runLog(skill, runId, offset, limit) {
      const answer = await ask("run_log", { skill, run_id: runId, offset, limit });
      return {
        text: text(answer["text"]),
        start: number(answer["start"]),
        nextOffset: number(answer["next_offset"]),
        complete: flag(answer["complete"]),
      };
    },

    async cancelRun(skill, runId) {
      return readRun((await ask("cancel_run", { skill, run_id: runId }))["run"]);
    },

    approveRun: (skill, runId) => review(skill, runId, true, ""),
    rejectRun: (skill, runId, reason) => review(skill, runId, false, reason),
    activateRun: (skill, runId) => inUse("activate_run", { skill, run_id: runId }),
    deactivateRun: (skill, rollBack) => inUse("deactivate_run", { skill, roll_back: rollBack }),
  };
}
