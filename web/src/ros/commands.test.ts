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
