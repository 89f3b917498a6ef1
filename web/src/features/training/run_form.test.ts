import { describe, expect, it } from "vitest";
import { fieldsOf } from "./fields.ts";
import type { Draft } from "./run_form.ts";
import {
  cloneOf,
  countChanges,
  emptyDraft,
  fieldsFor,
  isChanged,
  problemsOf,
  rangeText,
  requestOf,
  textOf,
  withText,
  withoutText,
} from "./run_form.ts";
import { aPreset, someDefaults } from "./sample_runs.ts";

const defaults = someDefaults(aPreset());
const fields = fieldsOf(defaults, "act") ?? [];
const empty = emptyDraft("act");
const AS_PRESET = {
  skill: "wave",
  preset: "act",
  hyperparametersJson: "",
  repo: "",
  ref: "",
  command: [],
  gpuType: "",
  minGpus: null,
  maxGpus: null,
  hours: null,
  budget: null,
  envJson: "",
  extraJson: "",
};

function filled(texts: Draft["texts"]): Draft {
  return Object.entries(texts).reduce((draft, [path, text]) => withText(draft, path, text), empty);
}

function field(path: string) {
  const found = fields.find((one) => one.path === path);
  if (!found) throw new Error(path);
  return found;
}

describe("a draft", () => {
  it("shows the preset's values until one is typed, and again once it is reset", () => {
    expect(textOf(empty, field("hyperparameters.LEARNING_RATE"))).toBe("5e-5");
    const typed = withText(empty, "hours", "3");
    expect(textOf(typed, field("hours"))).toBe("3");
    expect(isChanged(typed, field("hours"))).toBe(true);
    expect(withoutText(typed, "hours")).toEqual(empty);
  });

  it.each([
    ["hyperparameters.BATCH_SIZE", "96.0"],
    ["hyperparameters.LEARNING_RATE", " 0.00005 "],
    ["hours", ""],
    ["repo", "innate-inc/ACT "],
    ["command", "\n/training/project/cloud_run.sh\n"],
  ])("does not count %s = %j as a change", (path, text) => {
    expect(isChanged(filled({ [path]: text }), field(path))).toBe(false);
    expect(requestOf("wave", filled({ [path]: text }), fields)).toEqual(AS_PRESET);
  });

  it("counts what is not as the preset has it", () => {
    const draft = {
      ...filled({ hours: "3", ref: "main", "env.THREADS": "4" }),
      env: [
        { key: 1, name: "MODE", value: "x" },
        { key: 2, name: "", value: "" },
      ],
      extra: '{"note": 1, "more": 2}',
    };
    expect(countChanges(draft, fields)).toBe(5);
    expect(countChanges(empty, fields)).toBe(0);
  });
});

describe("problemsOf", () => {
  it.each([
    ["hyperparameters.BATCH_SIZE", "abc", "Must be a number."],
    ["hyperparameters.BATCH_SIZE", "1,000", "Must be a number."],
    ["hyperparameters.BATCH_SIZE", "Infinity", "Must be a number."],
    ["hyperparameters.BATCH_SIZE", "1.5", "Must be a whole number."],
    ["hyperparameters.BATCH_SIZE", "0", "Must be from 1 to 8,192."],
    ["hyperparameters.LEARNING_RATE", "2", "Must be from 1e-8 to 1."],
    ["hyperparameters.MAX_STEPS", "0", "Must be at least 1."],
    ["max_gpus", "-1", "Must be from 0 to 64."],
    ["hours", "0", "Must be from 0.01 to 720."],
    ["budget", "x", "Must be a number."],
  ])("%s = %j: %s", (path, text, problem) => {
    expect(problemsOf(filled({ [path]: text }), fields)).toEqual({ [path]: problem });
  });

  it.each([
    ["hyperparameters.BATCH_SIZE", "8192"],
    ["hyperparameters.LEARNING_RATE", "1e-4"],
    ["hyperparameters.MAX_STEPS", "5e4"],
    ["max_gpus", "0"],
    ["repo", "anything: the server knows better"],
    ["hours", " "],
  ])("%s = %j is fine", (path, text) => {
    expect(problemsOf(filled({ [path]: text }), fields)).toEqual({});
  });

  it("finds variables without a name or twice, and JSON that is none", () => {
    const env = [
      { key: 1, name: "", value: "x" },
      { key: 2, name: "A", value: "x" },
      { key: 3, name: " A ", value: "y" },
    ];
    expect(Object.keys(problemsOf({ ...empty, env, extra: "[1]" }, fields))).toEqual([
      "env.",
      "env.A",
      "extra",
    ]);
  });
});

describe("requestOf", () => {
  it("asks for what differs alone", () => {
    const draft: Draft = {
      ...filled({
        "hyperparameters.BATCH_SIZE": "32",
        "hyperparameters.MAX_STEPS": "120000",
        hours: "2.5",
        max_gpus: "8",
        min_gpus: "0",
        command: "python\n  train.py \n--name=a b",
        "env.THREADS": "2",
      }),
      env: [
        { key: 1, name: " MODE ", value: " fast " },
        { key: 2, name: "", value: "" },
      ],
      extra: '{"note": "x"}',
    };
    expect(requestOf("wave", draft, fields)).toEqual({
      ...AS_PRESET,
      hyperparametersJson: '{"BATCH_SIZE":32}',
      hours: 2.5,
      maxGpus: 8,
      minGpus: 0,
      command: ["python", "train.py", "--name=a b"],
      envJson: '{"THREADS":"2","MODE":" fast "}',
      extraJson: '{"note": "x"}',
    });
  });
});

describe("a field that follows the number of GPUs", () => {
  const path = "hyperparameters.WORLD_SIZE";
  const shown = (texts: Draft["texts"]): string => {
    const draft = filled(texts);
    const found = fieldsFor(draft, fields).find((one) => one.path === path);
    return found ? textOf(draft, found) : "";
  };

  it("is that number as long as it is certain, and what was set once it was", () => {
    expect(shown({})).toBe("4");
    expect(shown({ min_gpus: "8", max_gpus: " 8" })).toBe("8");
    expect(shown({ min_gpus: "2", max_gpus: "8" })).toBe("4");
    expect(shown({ min_gpus: "0", max_gpus: "0" })).toBe("4");
    expect(shown({ min_gpus: "x", max_gpus: "x" })).toBe("4");
    expect(shown({ min_gpus: "8", max_gpus: "8", [path]: "2" })).toBe("2");
  });

  it("is asked for only where it was set to something else", () => {
    const two = filled({ min_gpus: "2", max_gpus: "2" });
    expect(countChanges(two, fieldsFor(two, fields))).toBe(2);
    expect(requestOf("wave", two, fieldsFor(two, fields)).hyperparametersJson).toBe("");
    const set = withText(two, path, "1");
    expect(requestOf("wave", set, fieldsFor(set, fields)).hyperparametersJson).toBe('{"WORLD_SIZE":1}');
  });

  it("follows in a clone as well, unless the run had another", () => {
    const clone = (processes: string): Draft["texts"] => {
      const params = { preset: "act", min_gpus: 2, max_gpus: 2, env: { WORLD_SIZE: processes } };
      return cloneOf(JSON.stringify(params), defaults).draft.texts;
    };
    expect(clone("2")).toEqual({ min_gpus: "2", max_gpus: "2" });
    expect(clone("1")).toMatchObject({ [path]: "1" });
  });
});

describe("cloneOf", () => {
  it("asks for the same again", () => {
    const params = {
      preset: "act",
      source_dir: "/skills/wave",
      hours: 2,
      command: ["python", "a b"],
      env: { BATCH_SIZE: "32", THREADS: "4", MODE: "x" },
      checkpoint_patterns: ["*.pth"],
    };
    const { draft, missingPreset, hidden } = cloneOf(JSON.stringify(params), defaults);
    expect([missingPreset, hidden]).toEqual(["", []]);
    expect(requestOf("wave", draft, fields)).toEqual({
      ...AS_PRESET,
      hyperparametersJson: '{"BATCH_SIZE":32}',
      hours: 2,
      command: ["python", "a b"],
      envJson: '{"THREADS":"4","MODE":"x"}',
      extraJson: '{\n  "checkpoint_patterns": [\n    "*.pth"\n  ]\n}',
    });
  });

  it("says what it can't take over", () => {
    const params = { preset: "gone", env: { API_KEY: "…", BATCH_SIZE: "8" } };
    const { draft, missingPreset, hidden } = cloneOf(JSON.stringify(params), defaults);
    expect([missingPreset, hidden]).toEqual(["gone", ["API_KEY"]]);
    expect(draft.preset).toBe("act");
    expect(draft.env).toEqual([{ key: 0, name: "API_KEY", value: "" }]);
    expect(textOf(draft, field("hyperparameters.BATCH_SIZE"))).toBe("8");
  });

  it("survives parameters that are none", () => {
    expect(cloneOf("oops", defaults).draft).toEqual(empty);
    expect(cloneOf('{"env": 3, "hours": null}', someDefaults()).draft.preset).toBe("");
  });
});

describe("rangeText", () => {
  it.each([
    [1, 8192, "from 1 to 8,192"],
    [null, 10, "at most 10"],
    [0, null, "at least 0"],
    [null, null, ""],
  ])("%s to %s: %s", (minimum, maximum, text) => {
    expect(rangeText({ minimum, maximum })).toBe(text);
  });
});
