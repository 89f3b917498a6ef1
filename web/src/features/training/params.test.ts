import { describe, expect, it } from "vitest";
import { fieldsOf, numberText } from "./fields.ts";
import { pairsOf, paramsOf, presetName } from "./params.ts";
import { aPreset, someDefaults } from "./sample_runs.ts";

const FIELDS = fieldsOf(someDefaults(aPreset()), "act");

const PARAMS = JSON.stringify({
  preset: "act",
  source_dir: "/skills/wave",
  hours: 2,
  ref: "main",
  command: ["python", "with blank"],
  env: { BATCH_SIZE: "32", LEARNING_RATE: "0.00005", MODE: "x" },
  checkpoint_patterns: ["*.pth"],
});

describe("paramsOf", () => {
  it("marks what differs from the preset, and shows the rest", () => {
    const params = paramsOf(PARAMS, FIELDS);
    const changed = params.filter((param) => param.changed).map((param) => [param.path, param.value]);
    expect(changed).toEqual([
      ["hyperparameters.BATCH_SIZE", "32"],
      ["hours", "2"],
      ["command", 'python "with blank"'],
      ["env.MODE", "x"],
      ["checkpoint_patterns", "*.pth"],
    ]);
    expect(params.find((param) => param.path === "hyperparameters.BATCH_SIZE")?.preset).toBe("96");
    expect(params.find((param) => param.path === "env.THREADS")).toMatchObject({
      value: "1",
      changed: false,
    });
  });

  it("shows what was asked for where the preset is not known", () => {
    const params = paramsOf(PARAMS, null);
    expect(params.map((param) => param.path)).toEqual([
      "env.BATCH_SIZE",
      "env.LEARNING_RATE",
      "env.MODE",
      "hours",
      "ref",
      "command",
      "checkpoint_patterns",
    ]);
    expect(params.some((param) => param.changed)).toBe(false);
    expect(paramsOf("", null)).toEqual([]);
  });

  it("knows the preset's name", () => {
    expect(presetName(PARAMS)).toBe("act");
    expect(presetName("[]")).toBe("");
  });
});

describe("pairsOf", () => {
  it("lines up two runs, numbers by their value", () => {
    const second = JSON.stringify({
      preset: "act",
      env: { BATCH_SIZE: "32.0", LEARNING_RATE: "1e-4", NEW: "1" },
    });
    const pairs = pairsOf(paramsOf(PARAMS, FIELDS), paramsOf(second, FIELDS));
    const differing = pairs.filter((pair) => pair.differ).map((pair) => [pair.path, pair.first, pair.second]);
    expect(differing).toEqual([
      ["hyperparameters.LEARNING_RATE", "0.00005", "1e-4"],
      ["hours", "2", "5"],
      ["command", 'python "with blank"', "/training/project/cloud_run.sh"],
      ["env.MODE", "x", ""],
      ["checkpoint_patterns", "*.pth", ""],
      ["env.NEW", "", "1"],
    ]);
  });
});

describe("numberText", () => {
  it.each([
    [5e-5, "5e-5"],
    [0.05, "0.05"],
    [120_000, "120000"],
    [0, "0"],
    [1e22, "1e+22"],
  ])("%d", (value, text) => {
    expect(numberText(value)).toBe(text);
  });
});
