/** Checking, marking and planning edits of datasets. Plans touch nothing. */
import type { Ask } from "./ask.ts";
import type { CheckResult, EditPlan, MarkChange, MergeRules, MergeSource } from "./editing.ts";
import { readCheckResult, readEditPlan } from "./editing.ts";

export interface EditCommands {
  planDelete(skill: string, episodes: readonly number[], name: string): Promise<EditPlan>;
  planMerge(name: string, sources: readonly MergeSource[], rules: MergeRules): Promise<EditPlan>;
  planConvert(skill: string, target: string, name: string, keepRaw: boolean): Promise<EditPlan>;
  checkDataset(skill: string): Promise<CheckResult>;
  markEpisodes(skill: string, episodes: readonly number[], change: MarkChange): Promise<void>;
}

export function editCommands(ask: Ask): EditCommands {
  return {
    async planDelete(skill, episodes, name) {
      return readEditPlan((await ask("plan_delete", { skill, episodes, name, file_mode: "" }))["plan"]);
    },

    async planMerge(name, sources, rules) {
      const request = {
        name,
        sources: sources.map((source) => ({
          skill: source.skill,
          all: source.episodes === null,
          episodes: source.episodes ?? [],
          cameras: Object.keys(source.cameras),
          new_camera_names: Object.values(source.cameras),
        })),
        rules: { rate: rules.rate ?? 0, any_width: rules.anyWidth, any_cameras: rules.anyCameras },
        file_mode: "",
      };
      return readEditPlan((await ask("plan_merge", request))["plan"]);
    },

    async planConvert(skill, target, name, keepRaw) {
      const request = { skill, target, name, keep_raw: keepRaw, file_mode: "" };
      return readEditPlan((await ask("plan_convert", request))["plan"]);
    },

    async checkDataset(skill) {
      return readCheckResult(await ask("check_dataset", { skill }));
    },

    async markEpisodes(skill, episodes, { verdict, note }) {
      await ask("mark_episodes", {
        skill,
        episodes,
        set_verdict: verdict !== undefined,
        verdict: verdict ?? "",
        set_note: note !== undefined,
        note: note ?? "",
      });
    },
  };
}
