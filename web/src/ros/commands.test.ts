import { describe, expect, it, vi } from "vitest";
import type { Call } from "./commands.ts";
import { CommandError, createCommands } from "./commands.ts";

function setUp(answer: object) {
  const call = vi.fn<Call>(() => Promise.resolve(answer));
  return { commands: createCommands(call), call };
}

describe("updateSkill", () => {
  it("sends the patch with the revision it was made from", async () => {
    const { commands, call } = setUp({ success: true, metadata_json: "{}", revision: "r2" });
    const result = await commands.updateSkill("wave", "r1", '{"name": "x"}');
    expect(call).toHaveBeenCalledWith("update_skill", {
      name: "wave",
      revision: "r1",
      patch_json: '{"name": "x"}',
    });
    expect(result).toEqual({ saved: true, metadataJson: "{}", revision: "r2" });
  });

  it("tells a conflict from a failure", async () => {
    const conflict = {
      success: false,
      conflict: true,
      message: "stale",
      metadata_json: '{"a": 1}',
      revision: "r3",
    };
    expect(await setUp(conflict).commands.updateSkill("wave", "r1", "{}")).toEqual({
      saved: false,
      metadataJson: '{"a": 1}',
      revision: "r3",
    });
  });

  it("rejects with what is wrong, field by field", async () => {
    const { commands } = setUp({
      success: false,
      message: "1 field is wrong.",
      errors: [{ field: "execution.duration", message: "must be more than 0" }],
    });
    const error: unknown = await commands
      .updateSkill("wave", "r1", "{}")
      .catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({
      message: "1 field is wrong.",
      fields: [{ field: "execution.duration", message: "must be more than 0" }],
    });
  });
});

describe("every command", () => {
  it("rejects when the node says no, with a sentence even where it gives none", async () => {
    const { commands } = setUp({ success: false, message: "" });
    await expect(commands.getSkill("x")).rejects.toThrow("without saying why");
    await expect(commands.listEpisodes("x", 0, 10)).rejects.toThrow(CommandError);
    await expect(commands.getLogs(5)).rejects.toThrow(CommandError);
  });
  it("asks for what it was told", async () => {
    const { commands, call } = setUp({ success: true, total: 7, episodes: [{ id: 3 }] });
    const page = await commands.listEpisodes("wave", 100, 50);
    expect(call).toHaveBeenCalledWith("list_episodes", { skill: "wave", offset: 100, limit: 50 });
    expect(page).toMatchObject({ total: 7, episodes: [{ id: 3 }], cameras: [] });
  });
});

describe("plans, marks and jobs", () => {
  it("tell all episodes from some, and cameras with another name", async () => {
    const { commands, call } = setUp({ success: true, plan: { origin_skills: ["a"], origin_episodes: [3] } });
    const sources = [
      { skill: "a", episodes: [3, 1], cameras: { front: "main" } },
      { skill: "b", episodes: null, cameras: {} },
    ];
    const plan = await commands.planMerge("Both", sources, { rate: null, anyWidth: true, anyCameras: false });
    expect(plan.origins).toEqual([{ skill: "a", episode: 3 }]);
    expect(call).toHaveBeenCalledWith("plan_merge", {
      name: "Both",
      sources: [
        { skill: "a", all: false, episodes: [3, 1], cameras: ["front"], new_camera_names: ["main"] },
        { skill: "b", all: true, episodes: [], cameras: [], new_camera_names: [] },
      ],
      rules: { rate: 0, any_width: true, any_cameras: false },
      file_mode: "",
    });
  });
  it("set what is named and leave the rest alone", async () => {
    const { commands, call } = setUp({ success: true });
    await commands.markEpisodes("wave", [1], { verdict: "" });
    await commands.markEpisodes("wave", [1], { note: "slips" });
    const request = { skill: "wave", episodes: [1], verdict: "" };
    expect(call.mock.calls).toEqual([
      ["mark_episodes", { ...request, set_verdict: true, set_note: false, note: "" }],
      ["mark_episodes", { ...request, set_verdict: false, set_note: true, note: "slips" }],
    ]);
  });
  it("start with arguments as JSON", async () => {
    const { commands, call } = setUp({ success: true, job_id: "j1" });
    expect(await commands.startJob("check_dataset", { skill: "wave" })).toBe("j1");
    expect(call).toHaveBeenCalledWith("start_job", {
      kind: "check_dataset",
      arguments_json: '{"skill":"wave"}',
    });
  });
});
