/** What the panel can ask the node to do. Every call has a time limit and rejects with a `CommandError`. */
import { record, text, flag, list, number } from "./wire.ts";
import type { Camera, Episode, FieldError, LogLine, MetadataField, Skill } from "./messages.ts";
import {
  readCamera,
  readEpisode,
  readFieldError,
  readLog,
  readMetadataField,
  readSkill,
} from "./messages.ts";

/** Calls a service of the node; `name` is relative to it. */
export type Call = (name: string, request: object) => Promise<unknown>;

/** The call failed. The message is a sentence for the user; `fields` says what is wrong, field by field. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly fields: readonly FieldError[];

  constructor(message: string, fields: readonly FieldError[] = []) {
    super(message);
    this.fields = fields;
  }
}

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

export interface Commands {
  getSkill(name: string): Promise<SkillDetail>;
  updateSkill(name: string, revision: string, patchJson: string): Promise<UpdateResult>;
  createSkill(skill: NewSkill): Promise<Skill>;
  listEpisodes(skill: string, offset: number, limit: number): Promise<EpisodePage>;
  getLogs(limit: number): Promise<readonly LogLine[]>;
}

export function createCommands(call: Call): Commands {
  async function ask(name: string, request: object) {
    return record(await call(name, request));
  }

  function checked(answer: Readonly<Record<string, unknown>>) {
    if (flag(answer["success"])) return answer;
    const fields = list(answer["errors"], readFieldError);
    throw new CommandError(text(answer["message"]) || "The robot refused without saying why.", fields);
  }

  return {
    async getSkill(name) {
      const answer = checked(await ask("get_skill", { name }));
      return {
        skill: readSkill(answer["skill"]),
        metadataJson: text(answer["metadata_json"]),
        revision: text(answer["revision"]),
        fields: list(answer["fields"], readMetadataField),
      };
    },

    async updateSkill(name, revision, patchJson) {
      const request = { name, revision, patch_json: patchJson };
      const answer = await ask("update_skill", request);
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
      return readSkill(checked(answer)["skill"]);
    },

    async listEpisodes(skill, offset, limit) {
      const answer = checked(await ask("list_episodes", { skill, offset, limit }));
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
      return list(checked(await ask("get_logs", { limit }))["logs"], readLog);
    },
  };
}
