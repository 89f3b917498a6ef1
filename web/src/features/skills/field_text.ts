/** A field's value as text that a person edits, and back. */
import type { MetadataField } from "@/ros/messages.ts";
import type { Json } from "@/text/json.ts";

export const JOINTS = 6;

/** `value` undefined: the field is left to its default. */
export type Parsed = { readonly value: Json | undefined } | { readonly problem: string };

export function formatField(field: MetadataField, value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string" && field.kind !== "object") return value;
  if (field.kind === "pose" && isNumbers(value)) return value.join(", ");
  if (field.kind === "pose_list" && Array.isArray(value) && value.every(isNumbers)) {
    return value.map((pose) => pose.join(", ")).join("\n");
  }
  return JSON.stringify(value, null, field.kind === "object" ? 2 : 0);
}

export function parseField(field: MetadataField, text: string): Parsed {
  if (text.trim() === "") {
    if (field.required) return { problem: "This is required." };
    return { value: field.defaultJson === '""' ? "" : undefined };
  }
  switch (field.kind) {
    case "string":
    case "text":
    case "choice":
      return { value: text };
    case "integer":
    case "number":
      return parseNumber(field, text.trim());
    case "pose":
      return parsePose(text);
    case "pose_list":
      return parsePoses(text);
    case "object":
      return parseJsonObject(text);
  }
}

function parseNumber(field: MetadataField, text: string): Parsed {
  const whole = field.kind === "integer";
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    return { problem: whole ? "A whole number is needed." : "A number is needed, such as 1.5." };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) return { problem: "Too large." };
  if (whole && !Number.isSafeInteger(value)) return { problem: "A whole number is needed." };
  const { minimum, maximum, exclusiveMinimum } = field;
  if (minimum !== null && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    return {
      problem: exclusiveMinimum ? `Must be greater than ${minimum}.` : `Must be at least ${minimum}.`,
    };
  }
  if (maximum !== null && value > maximum) return { problem: `Must be at most ${maximum}.` };
  return { value };
}

function parsePose(text: string): Parsed {
  const cells = splitPose(text);
  if (cells.every((cell) => cell === "")) return { value: undefined };
  const numbers = cells.map((cell) => (cell === "" ? Number.NaN : Number(cell)));
  if (numbers.length !== JOINTS || numbers.some((angle) => !Number.isFinite(angle))) {
    const found = numbers.filter((angle) => Number.isFinite(angle)).length;
    return { problem: `${JOINTS} joint angles are needed; ${found} found.` };
  }
  return { value: numbers };
}

function parsePoses(text: string): Parsed {
  const poses: Json[] = [];
  for (const [row, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = parsePose(line);
    if ("problem" in parsed) return { problem: `Pose ${row + 1}: ${parsed.problem}` };
    if (parsed.value !== undefined) poses.push(parsed.value);
  }
  return { value: poses.length > 0 ? poses : undefined };
}

function parseJsonObject(text: string): Parsed {
  try {
    const value = JSON.parse(text) as Json;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { value };
    return { problem: "A JSON object is needed: { … }" };
  } catch (problem) {
    return { problem: problem instanceof Error ? `No JSON yet: ${problem.message}` : "No JSON yet." };
  }
}

/** The parts of a pose's text; "1, 2,, 4" has an empty third one. Pasted brackets are dropped. */
export function splitPose(text: string): readonly string[] {
  const bare = text.replace(/[[\]();]/g, " ").trim();
  if (bare === "") return [];
  return (bare.includes(",") ? bare.split(",") : bare.split(/\s+/)).map((cell) => cell.trim());
}

function isNumbers(value: Json): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
