import { describe, expect, it } from "vitest";
import type { FieldKind, MetadataField } from "@/ros/messages.ts";
import type { Json } from "@/text/json.ts";
import { formatField, parseField, splitPose } from "./field_text.ts";

function field(kind: FieldKind, more: Partial<MetadataField> = {}): MetadataField {
  return {
    path: `execution.${kind}`,
    kind,
    label: kind,
    description: "",
    unit: "",
    required: false,
    minimum: null,
    exclusiveMinimum: false,
    maximum: null,
    defaultJson: "null",
    choices: [],
    ...more,
  };
}

describe("a value survives being edited as text", () => {
  it.each<[FieldKind, Json]>([
    ["string", "act_policy"],
    ["text", "two\nlines"],
    ["choice", "learned"],
    ["integer", 10],
    ["number", 1.5],
    ["number", -2e-7],
    ["pose", [0, -1.57, 0.25, 1e-9, 3, 6]],
    [
      "pose_list",
      [
        [1, 2, 3, 4, 5, 6],
        [0, 0, 0, 0, 0, 0],
      ],
    ],
    ["object", { a: [1, { b: null }] }],
  ])("%s %j", (kind, value) => {
    expect(parseField(field(kind), formatField(field(kind), value))).toEqual({ value });
  });
});

describe("an empty text", () => {
  it("stands for the default", () => {
    for (const kind of ["string", "integer", "number", "pose", "pose_list", "object"] as const) {
      expect(parseField(field(kind), "  ")).toEqual({ value: undefined });
      expect(formatField(field(kind), null)).toBe("");
      expect(formatField(field(kind), undefined)).toBe("");
    }
    expect(parseField(field("pose"), ", , ,,,")).toEqual({ value: undefined });
  });
  it("is an empty text where that is the default", () => {
    expect(parseField(field("text", { defaultJson: '""' }), "")).toEqual({ value: "" });
  });
  it("is refused where something is needed", () => {
    expect(parseField(field("string", { required: true }), " ")).toHaveProperty("problem");
  });
});

describe("numbers", () => {
  const width = field("integer", { minimum: 1, maximum: 64 });
  const seconds = field("number", { minimum: 0, exclusiveMinimum: true });
  it.each([
    [width, "0", "Must be at least 1."],
    [width, "65", "Must be at most 64."],
    [width, "1.5", "A whole number is needed."],
    [width, "0x10", "A whole number is needed."],
    [width, "ten", "A whole number is needed."],
    [seconds, "0", "Must be greater than 0."],
    [seconds, "1,5", "A number is needed, such as 1.5."],
    [seconds, "1e999", "Too large."],
    [seconds, "NaN", "A number is needed, such as 1.5."],
    [seconds, "Infinity", "A number is needed, such as 1.5."],
  ])("refuses %#: %s", (which, text, problem) => {
    expect(parseField(which, text)).toEqual({ problem });
  });
  it.each([
    ["64", 64],
    ["1e1", 10],
    ["+3", 3],
  ])("takes %s", (text, value) => {
    expect(parseField(width, text)).toEqual({ value });
  });
  it("takes .5 and 5.", () => {
    expect(parseField(seconds, ".5")).toEqual({ value: 0.5 });
    expect(parseField(seconds, "5.")).toEqual({ value: 5 });
  });
});

describe("poses", () => {
  it("can be pasted in the usual notations", () => {
    const value = [1, 2, 3, 4, 5, 6];
    for (const text of ["1 2 3 4 5 6", "[1, 2, 3, 4, 5, 6]", "(1,2,3,4,5,6)", " 1,2 , 3,4,5,6 "]) {
      expect(parseField(field("pose"), text)).toEqual({ value });
    }
  });
  it("say how many angles are missing", () => {
    expect(parseField(field("pose"), "1, 2,, 4")).toEqual({ problem: "6 joint angles are needed; 3 found." });
    expect(parseField(field("pose_list"), "1 2 3 4 5 6\n1 2")).toEqual({
      problem: "Pose 2: 6 joint angles are needed; 2 found.",
    });
  });
  it("keep holes while they are typed", () => {
    expect(splitPose("1, , 3")).toEqual(["1", "", "3"]);
    expect(splitPose("")).toEqual([]);
  });
});

describe("objects", () => {
  it("are refused with the parser's reason", () => {
    expect(parseField(field("object"), "{oops")).toHaveProperty("problem");
    expect(parseField(field("object"), "[1]")).toEqual({ problem: "A JSON object is needed: { … }" });
  });
});

describe("a value of the wrong kind", () => {
  it("is shown as it is instead of being hidden", () => {
    expect(formatField(field("pose"), "home")).toBe("home");
    expect(formatField(field("integer"), [1])).toBe("[1]");
    expect(formatField(field("pose_list"), [1, 2])).toBe("[1,2]");
  });
});
