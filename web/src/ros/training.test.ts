import { describe, expect, it, vi } from "vitest";
import { createAsk } from "./ask.ts";
import type { Call } from "./ask.ts";
import { readCurve, readPreset, readRun, readRunField, readRunList } from "./training.ts";
import { createTrainingCommands } from "./training_commands.ts";

describe("readRun", () => {
  it("tells unknown from zero", () => {
    const run = readRun({ has_loss: true, loss: 0, seconds_left: 0, started: { sec: 2, nanosec: 5e8 } });
    expect(run).toMatchObject({ loss: 0, secondsLeft: 0, started: 2500, finished: 0 });
    expect(readRun({ loss: 0.5, seconds_left: -1 })).toMatchObject({ loss: null, secondsLeft: null });
    expect(readRun({ has_loss: true, loss: null }).loss).toBeNull();
  });
  it("takes any status, and 64-bit numbers as texts", () => {
    expect(readRun({ status: "preempted", step: "12", total_steps: "9007199254740993" })).toMatchObject({
      status: "preempted",
      step: 12,
    });
  });
  it("survives what is no run", () => {
    expect(readRunList(null)).toMatchObject({ server: "", runs: [], lostSince: 0 });
    expect(readRunList({ runs: [3] }).runs[0]).toMatchObject({ status: "", localState: "unknown" });
  });
});

describe("readPreset", () => {
  it("reads the numbers that stand for no limit", () => {
    const [one, two] = readPreset({
      hyperparameters: [
        { name: "A", minimum: -1e308, maximum: 1e308 },
        { name: "B", minimum: 0, maximum: 1 },
      ],
    }).hyperparameters;
    expect([one?.minimum, one?.maximum, two?.minimum, two?.maximum]).toEqual([null, null, 0, 1]);
  });
});

describe("readRunField", () => {
  it("reads limits, and takes a kind that it does not know for a text", () => {
    const field = { name: "hours", label: "Deadline", kind: "number", minimum: 0.5, maximum: 1e308 };
    expect(readRunField(field)).toMatchObject({ name: "hours", kind: "number", minimum: 0.5, maximum: null });
    expect(readRunField({ kind: "colour" }).kind).toBe("text");
  });
});

describe("readCurve", () => {
  it("leaves out what is no number, and what has no step", () => {
    expect(readCurve({ name: "loss", steps: ["1", 2, 3], values: [0.5, null, 0.25, 7] })).toEqual({
      name: "loss",
      steps: [1, 3],
      values: [0.5, 0.25],
    });
  });
});

describe("training commands", () => {
  function setUp(answer: object) {
    const call = vi.fn<Call>(() => Promise.resolve({ success: true, ...answer }));
    return { commands: createTrainingCommands(createAsk(call)), call };
  }

  it("asks for a run with what stands for the preset's values", async () => {
    const { commands, call } = setUp({ run: { run_id: 3 } });
    const run = await commands.createRun({
      skill: "wave",
      preset: "act",
      hyperparametersJson: "",
      repo: "",
      ref: "",
      command: [],
      gpuType: "",
      minGpus: null,
      maxGpus: 0,
      hours: null,
      budget: 3,
      envJson: "",
      extraJson: "",
    });
    expect(run.runId).toBe(3);
    expect(call.mock.calls[0]).toEqual([
      "create_run",
      expect.objectContaining({ min_gpus: -1, max_gpus: 0, hours: 0, budget: 3, hyperparameters_json: "" }),
    ]);
  });

  it("approves and rejects, activates and goes back", async () => {
    const { commands, call } = setUp({ checkpoint: "1/x.pth", reloaded: true });
    await commands.approveRun("wave", 1);
    await commands.rejectRun("wave", 1, "no");
    expect(await commands.activateRun("wave", 1)).toMatchObject({ checkpoint: "1/x.pth", reloaded: true });
    await commands.deactivateRun("wave", true);
    expect(call.mock.calls).toEqual([
      ["review_run", { skill: "wave", run_id: 1, approved: true, reason: "" }],
      ["review_run", { skill: "wave", run_id: 1, approved: false, reason: "no" }],
      ["activate_run", { skill: "wave", run_id: 1 }],
      ["deactivate_run", { skill: "wave", roll_back: true }],
    ]);
  });
});
