/** What the panel can ask the node to do. Every call has a time limit and rejects with a `CommandError`. */
import { checked, createAsk } from "./ask.ts";
import type { Call } from "./ask.ts";
import type { EditCommands } from "./edit_commands.ts";
import { editCommands } from "./edit_commands.ts";
import type { JobCommands } from "./job_commands.ts";
import { jobCommands } from "./job_commands.ts";
import type { Camera, Episode, LogLine, MetadataField, Skill } from "./messages.ts";
import { readCamera, readEpisode, readLog, readMetadataField, readSkill } from "./messages.ts";
import { createTrainingCommands } from "./training_commands.ts";
import type { TrainingCommands } from "./training_commands.ts";
import { flag, list, number, record, text } from "./wire.ts";

export { CommandError } from "./ask.ts";
export type { Call } from "./ask.ts";

export interface SkillDetail {
  readonly skill: Skill;
  readonly metadataJson: string;
  readonly revision: string;
  readonly fields: readonly MetadataField[];
}

/** `saved: false`: somebody else saved first, and these are the text and revision that are on disk now. */
export interface UpdateResult {
  readonly saved: boolean;
  readonly metadataJson: string;
  readonly revision: string;
}

export interface NewSkill {
  readonly name: string;
  readonly type: string;
  readonly guidelines: string;
  readonly guidelinesWhenRunning: string;
  /** JSON object or "". */
  readonly executionJson: string;
}

export interface EpisodePage {
  readonly format: string;
  readonly rate: number;
  readonly cameras: readonly Camera[];
  readonly total: number;
  readonly episodes: readonly Episode[];
  readonly problems: readonly string[];
}

export interface Commands extends JobCommands, EditCommands, TrainingCommands {
  getSkill(name: string): Promise<SkillDetail>;
  updateSkill(name: string, revision: string, patchJson: string): Promise<UpdateResult>;
  createSkill(skill: NewSkill): Promise<Skill>;
  listEpisodes(skill: string, offset: number, limit: number): Promise<EpisodePage>;
  getLogs(limit: number): Promise<readonly LogLine[]>;
}

export function createCommands(call: Call): Commands {
  const ask = createAsk(call);

  return {
    async getSkill(name) {
      const answer = await ask("get_skill", { name });
      return {
        skill: readSkill(answer["skill"]),
        metadataJson: text(answer["metadata_json"]),
        revision: text(answer["revision"]),
        fields: list(answer["fields"], readMetadataField),
      };
    },

    async updateSkill(name, revision, patchJson) {
      const request = { name, revision, patch_json: patchJson };
      const answer = record(await call("update_skill", request));
      const saved = !flag(answer["conflict"]);
      if (saved) checked(answer);
      return { saved, metadataJson: text(answer["metadata_json"]), revision: text(answer["revision"]) };
    },

    async createSkill(skill) {
      const answer = await ask("create_skill", {
        name: skill.name,
        type: skill.type,
        guidelines: skill.guidelines,
        guidelines_when_running: skill.guidelinesWhenRunning,
        execution_json: skill.executionJson,
      });
      return readSkill(answer["skill"]);
    },

    async listEpisodes(skill, offset, limit) {
      const answer = await ask("list_episodes", { skill, offset, limit });
      return {
        format: text(answer["dataset_format"]),
        rate: number(answer["rate"]),
        cameras: list(answer["cameras"], readCamera),
        total: number(answer["total"]),
        episodes: list(answer["episodes"], readEpisode),
        problems: list(answer["problems"], text),
      };
    },

    async getLogs(limit) {
      return list((await ask("get_logs", { limit }))["logs"], readLog);
    },

    ...jobCommands(ask),
    ...editCommands(ask),
    ...createTrainingCommands(ask),
  };
}
