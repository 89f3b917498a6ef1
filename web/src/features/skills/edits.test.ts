import { describe, expect, it } from "vitest";
import type { FieldKind, MetadataField } from "@/ros/messages.ts";
import type { EditAction, Edits } from "./edits.ts";
import {
  canSave,
  edit,
  executionText,
  fieldProblem,
  fieldText,
  isDirty,
  patchOf,
  startEditing,
  stored,
  theirChanges,
} from "./edits.ts";

function field(path: string, kind: FieldKind): MetadataField {
  return {
    path,
    kind,
    label: path,
    description: "",
    unit: "",
    required: path === "name",
    minimum: null,
    exclusiveMinimum: false,
    maximum: null,
    defaultJson: "null",
    choices: [],
  };
}
const NAME = field("name", "string");
const DURATION = field("execution.duration", "number");
const WIDTH = field("execution.action_dim", "integer");

const FILE = { name: "Wave", type: "learned", execution: { duration: 120, action_dim: 10 }, x: [1] };
const onDisk = (change: object, revision: string) => stored(JSON.stringify({ ...FILE, ...change }), revision);
const fresh = (): Edits => startEditing(onDisk({}, "r1"));
const run = (edits: Edits, ...actions: EditAction[]): Edits => actions.reduce(edit, edits);
const type = (which: MetadataField, text: string): EditAction => ({ type: "typed", field: which, text });

describe("typing", () => {
  it("changes only what was typed", () => {
    const edits = run(fresh(), type(NAME, "Wave 2"), type(DURATION, "60"));
    expect(patchOf(edits)).toEqual({ name: "Wave 2", execution: { duration: 60 } });
    expect(canSave(edits)).toBe(true);
  });

  it("back to the old text is no edit", () => {
    const edits = run(fresh(), type(DURATION, "60"), type(DURATION, "120"));
    expect(isDirty(edits)).toBe(false);
    expect(run(fresh(), type(DURATION, "120.0"))).toSatisfy((e: Edits) => !isDirty(e));
  });

  it("an emptied field is null, and one that was never there stays away", () => {
    expect(patchOf(run(fresh(), type(DURATION, "")))).toEqual({ execution: { duration: null } });
    const steps = field("execution.n_action_steps", "integer");
    expect(isDirty(run(fresh(), type(steps, "5"), type(steps, "")))).toBe(false);
  });

  it("keeps a half-typed text, says what is wrong and does not save", () => {
    const edits = run(fresh(), type(DURATION, "1e"));
    expect(fieldText(edits, DURATION)).toBe("1e");
    expect(fieldProblem(edits, DURATION.path)).toBe("A number is needed, such as 1.5.");
    expect(isDirty(edits)).toBe(true);
    expect(canSave(edits)).toBe(false);
  });

  it("a needed field can't be emptied", () => {
    expect(canSave(run(fresh(), type(NAME, "")))).toBe(false);
  });
});

describe("execution as JSON", () => {
  it("and as a form are one draft", () => {
    const edits = run(fresh(), type(DURATION, "60"), {
      type: "typed execution",
      text: '{"duration": 61, "new": {"a": 1}}',
    });
    expect(fieldText(edits, DURATION)).toBe("61");
    expect(fieldText(edits, WIDTH)).toBe("");
    expect(patchOf(edits)).toEqual({ execution: { action_dim: null, duration: 61, new: { a: 1 } } });
  });

  it("shows what the form made of it", () => {
    const edits = run(fresh(), type(DURATION, "60"));
    expect(JSON.parse(executionText(edits))).toEqual({ duration: 60, action_dim: 10 });
  });

  it("is refused while it is no object", () => {
    for (const text of ["{", "[]", "null", ""]) {
      expect(canSave(run(fresh(), { type: "typed execution", text }))).toBe(false);
    }
  });

  it("drops what was half-typed in the form", () => {
    const edits = run(fresh(), type(DURATION, "abc"), { type: "typed execution", text: "{}" });
    expect(fieldProblem(edits, DURATION.path)).toBeUndefined();
    expect(canSave(edits)).toBe(true);
  });
});

describe("somebody else changes the file", () => {
  it("is shown at once where nothing was edited", () => {
    const edits = run(fresh(), { type: "arrived", stored: onDisk({ name: "Theirs" }, "r2") });
    expect(fieldText(edits, NAME)).toBe("Theirs");
    expect(edits.base.revision).toBe("r2");
    expect(edits.theirs).toBeNull();
  });

  it("waits for a decision where something was edited, and says what changed", () => {
    const theirs = onDisk({ name: "Theirs", execution: { duration: 90, action_dim: 10 } }, "r2");
    const edits = run(fresh(), type(NAME, "Mine"), { type: "arrived", stored: theirs });
    expect(fieldText(edits, NAME)).toBe("Mine");
    expect(canSave(edits)).toBe(false);
    expect(theirChanges(edits)).toEqual([
      { path: "name", before: "Wave", after: "Theirs", clash: true },
      { path: "execution.duration", before: 120, after: 90, clash: false },
    ]);

    const taken = run(edits, { type: "take theirs" });
    expect(isDirty(taken)).toBe(false);
    expect(fieldText(taken, NAME)).toBe("Theirs");

    const kept = run(edits, { type: "keep mine" });
    expect(kept.base.revision).toBe("r2");
    expect(patchOf(kept)).toEqual({ name: "Mine" });
    expect(fieldText(kept, DURATION)).toBe("90");
    expect(canSave(kept)).toBe(true);
  });

  it("keeps a field that was emptied here empty", () => {
    const edits = run(fresh(), type(DURATION, ""), { type: "arrived", stored: onDisk({ name: "T" }, "r2") });
    expect(patchOf(run(edits, { type: "keep mine" }))).toEqual({ execution: { duration: null } });
  });

  it("needs no decision where only spaces changed, or the same edit was made", () => {
    const spaced = stored(JSON.stringify(FILE, null, 4), "r2");
    const edits = run(fresh(), type(NAME, "Mine"), { type: "arrived", stored: spaced });
    expect(edits.theirs).toBeNull();
    expect(edits.base.revision).toBe("r2");
    expect(patchOf(edits)).toEqual({ name: "Mine" });

    const same = run(fresh(), type(NAME, "Mine"), {
      type: "arrived",
      stored: onDisk({ name: "Mine" }, "r2"),
    });
    expect(isDirty(same)).toBe(false);
    expect(same.theirs).toBeNull();
  });

  it("is over when they change it back", () => {
    const edits = run(
      fresh(),
      type(NAME, "Mine"),
      { type: "arrived", stored: onDisk({ name: "Theirs" }, "r2") },
      { type: "arrived", stored: onDisk({}, "r1") },
    );
    expect(edits.theirs).toBeNull();
    expect(canSave(edits)).toBe(true);
  });
});

describe("saving", () => {
  it("shows what the node refused until the field is typed in again", () => {
    const edits = run(fresh(), type(DURATION, "60"), {
      type: "refused",
      errors: [{ field: "execution.duration", message: "must be less" }],
    });
    expect(fieldProblem(edits, DURATION.path)).toBe("must be less");
    expect(canSave(edits)).toBe(true);
    expect(fieldProblem(run(edits, type(DURATION, "50")), DURATION.path)).toBeUndefined();
  });

  it("starts over from what was saved", () => {
    const edits = run(fresh(), type(NAME, "Mine"), { type: "saved", stored: onDisk({ name: "Mine" }, "r2") });
    expect(isDirty(edits)).toBe(false);
    expect(edits.base.revision).toBe("r2");
  });
});
