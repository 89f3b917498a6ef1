import type { RunRequest, TrainingDefaults } from "@/ros/training_commands.ts";
import type { JsonObject } from "@/text/json.ts";
import { parseObject } from "@/text/json.ts";
import type { Field } from "./fields.ts";
import { differs, fieldsOf, givenIn, linesOf, valueText } from "./fields.ts";
import { presetName } from "./params.ts";

/** A further variable of the environment. */
export interface Variable {
  /** Of the row, however its name changes. */
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** What the user has filled in of a new run. A field that was not touched is as the preset has it. */
export interface Draft {
  readonly preset: string;
  /** By the fields' paths. */
  readonly texts: Readonly<Record<string, string>>;
  readonly env: readonly Variable[];
  /** A JSON object, or nothing. */
  readonly extra: string;
}

export type Problems = Readonly<Record<string, string>>;

/** The server keeps secrets to itself and shows this instead. */
const HIDDEN = "…";

export function emptyDraft(preset: string): Draft {
  return { preset, texts: {}, env: [], extra: "" };
}

export interface Clone {
  readonly draft: Draft;
  /** The run's preset, where it is not offered any more; "" where it is. */
  readonly missingPreset: string;
  /** Variables whose values are not shown, so that they must be given again. */
  readonly hidden: readonly string[];
}

/** A draft that asks for the same as a run. */
export function cloneOf(paramsJson: string, defaults: TrainingDefaults): Clone {
  const asked = presetName(paramsJson);
  const offered = defaults.presets.find((one) => one.name === asked);
  const preset = offered ?? defaults.presets.find((one) => one.name === defaults.defaultPreset);
  const fields = fieldsOf(defaults, preset?.name ?? "") ?? [];
  const given = givenIn(parseObject(paramsJson) ?? {}, fields);
  const isHidden = ([, value]: readonly [string, unknown]): boolean => value === HIDDEN;
  const texts = Object.entries(given.texts);
  const follows = followed(fields, given.texts);
  return {
    draft: {
      preset: preset?.name ?? "",
      texts: Object.fromEntries(
        texts.filter(([path, text]) => text !== HIDDEN && follows.get(path) !== text),
      ),
      env: given.env.map(([name, value], key) => ({
        key,
        name,
        value: value === HIDDEN ? "" : valueText(value),
      })),
      extra: given.extra.length > 0 ? JSON.stringify(Object.fromEntries(given.extra), null, 2) : "",
    },
    missingPreset: offered ? "" : asked,
    hidden: [...texts, ...given.env].filter(isHidden).map(([path]) => path.replace(/^env\./, "")),
  };
}

/** The fields with what they are unless they are set in this draft, as one may follow another. */
export function fieldsFor(draft: Draft, fields: readonly Field[]): readonly Field[] {
  const follows = followed(fields, draft.texts);
  return fields.map((field) => ({ ...field, preset: follows.get(field.path) ?? field.preset }));
}

/** What follows the number of GPUs, by path; nothing while that number is up to the server. */
function followed(fields: readonly Field[], texts: Draft["texts"]): ReadonlyMap<string, string> {
  const gpus = (path: string): number => {
    const given = texts[path]?.trim() ?? "";
    return Number(given === "" ? fields.find((field) => field.path === path)?.preset : given);
  };
  const count = gpus("min_gpus");
  if (!(count > 0) || count !== gpus("max_gpus")) return new Map();
  return new Map(fields.filter((field) => field.followsGpus).map(({ path }) => [path, String(count)]));
}

/** The text that a field shows. */
export function textOf(draft: Draft, field: Field): string {
  return draft.texts[field.path] ?? field.preset;
}

/** Whether a field differs from the preset. */
export function isChanged(draft: Draft, field: Field): boolean {
  const text = draft.texts[field.path];
  return text !== undefined && differs(field, text);
}

export function withText(draft: Draft, path: string, text: string): Draft {
  return { ...draft, texts: { ...draft.texts, [path]: text } };
}

/** The field as the preset has it again. */
export function withoutText(draft: Draft, path: string): Draft {
  return {
    ...draft,
    texts: Object.fromEntries(Object.entries(draft.texts).filter(([other]) => other !== path)),
  };
}

/** How many values are not as the preset has them. */
export function countChanges(draft: Draft, fields: readonly Field[]): number {
  const extra = Object.keys(parseObject(draft.extra) ?? {}).length;
  return fields.filter((field) => isChanged(draft, field)).length + namedVariables(draft).length + extra;
}

/** What makes no sense, by path; what only the server can know comes with its refusal. */
export function problemsOf(draft: Draft, fields: readonly Field[]): Problems {
  const found: Record<string, string> = {};
  for (const field of fields) {
    const problem = fieldProblem(field, draft.texts[field.path] ?? "");
    if (problem) found[field.path] = problem;
  }
  const names = new Set<string>();
  for (const { name, value } of draft.env) {
    const given = name.trim();
    if (given === "" && value !== "") found["env."] = "A variable needs a name.";
    if (given !== "" && names.has(given)) found[`env.${given}`] = "This name is there twice.";
    names.add(given);
  }
  if (draft.extra.trim() !== "" && parseObject(draft.extra) === null) {
    found["extra"] = "No JSON object yet.";
  }
  return found;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function fieldProblem(field: Field, text: string): string {
  const given = text.trim();
  if (given === "" || field.kind === "text" || field.kind === "list") return "";
  const value = Number(given);
  if (!NUMBER.test(given) || !Number.isFinite(value)) return "Must be a number.";
  if (field.kind === "integer" && !Number.isInteger(value)) return "Must be a whole number.";
  const { minimum, maximum } = field;
  if ((minimum !== null && value < minimum) || (maximum !== null && value > maximum)) {
    return `Must be ${rangeText(field)}.`;
  }
  return "";
}

/** `from 1 to 8192`, `at least 1`; "" where there is no limit. */
export function rangeText({ minimum, maximum }: Pick<Field, "minimum" | "maximum">): string {
  const text = (value: number): string =>
    Math.abs(value) >= 1e-3 || value === 0 ? value.toLocaleString("en") : value.toExponential();
  if (minimum !== null && maximum !== null) return `from ${text(minimum)} to ${text(maximum)}`;
  if (minimum !== null) return `at least ${text(minimum)}`;
  return maximum === null ? "" : `at most ${text(maximum)}`;
}

/** What is asked for: only what differs from the preset. The draft must have no problems. */
export function requestOf(skill: string, draft: Draft, fields: readonly Field[]): RunRequest {
  const changed = new Map(
    fields
      .filter((field) => isChanged(draft, field))
      .map((field) => [field.path, (draft.texts[field.path] ?? "").trim()]),
  );
  const numberAt = (path: string): number | null => (changed.has(path) ? Number(changed.get(path)) : null);
  const below = (prefix: string): (readonly [string, string])[] =>
    [...changed]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, text]) => [path.slice(prefix.length), text] as const);
  const numbers = below("hyperparameters.").map(([name, text]) => [name, Number(text)] as const);
  const env = [
    ...below("env."),
    ...namedVariables(draft).map((row) => [row.name.trim(), row.value] as const),
  ];
  return {
    skill,
    preset: draft.preset,
    hyperparametersJson: json(numbers),
    repo: changed.get("repo") ?? "",
    ref: changed.get("ref") ?? "",
    command: linesOf(changed.get("command") ?? ""),
    gpuType: changed.get("gpu_type") ?? "",
    minGpus: numberAt("min_gpus"),
    maxGpus: numberAt("max_gpus"),
    hours: numberAt("hours"),
    budget: numberAt("budget"),
    envJson: json(env),
    extraJson: draft.extra.trim() === "" ? "" : draft.extra,
  };
}

function namedVariables(draft: Draft): readonly Variable[] {
  return draft.env.filter((row) => row.name.trim() !== "");
}

function json(entries: readonly (readonly [string, number | string])[]): string {
  return entries.length === 0 ? "" : JSON.stringify(Object.fromEntries(entries) satisfies JsonObject);
}
