import type { Preset } from "@/ros/training.ts";
import type { Json, JsonObject } from "@/text/json.ts";
import { isObject, parseObject } from "@/text/json.ts";

export type Group = "hyperparameters" | "machine" | "code" | "environment";

/** Something of a run that a preset has a value for. */
export interface Field {
  /** As the node names it in errors: "hours", "hyperparameters.BATCH_SIZE", "env.NAME". */
  readonly path: string;
  readonly label: string;
  readonly group: Group;
  readonly kind: "integer" | "number" | "text" | "lines";
  readonly help: string;
  readonly unit: string;
  /** The preset's value as a text; a command has one argument a line. */
  readonly preset: string;
  /** null: no limit, or one that only the server knows. */
  readonly minimum: number | null;
  readonly maximum: number | null;
}

const PLAIN = { help: "", unit: "", minimum: null, maximum: null } as const;

/** All fields of a preset, in the order in which they are shown. */
export function fieldsOf(preset: Preset): readonly Field[] {
  const numbers = preset.hyperparameters.map((item): Field => ({
    path: `hyperparameters.${item.name}`,
    label: item.name,
    group: "hyperparameters",
    kind: item.integer ? "integer" : "number",
    help: item.help,
    unit: "",
    preset: numberText(item.defaultValue),
    minimum: item.minimum,
    maximum: item.maximum,
  }));
  const machine: readonly Field[] = [
    { ...PLAIN, path: "gpu_type", label: "GPU type", group: "machine", kind: "text", preset: preset.gpuType },
    {
      ...PLAIN,
      path: "min_gpus",
      label: "GPUs at least",
      group: "machine",
      kind: "integer",
      preset: numberText(preset.minGpus),
    },
    {
      ...PLAIN,
      path: "max_gpus",
      label: "GPUs at most",
      group: "machine",
      kind: "integer",
      preset: numberText(preset.maxGpus),
    },
    {
      ...PLAIN,
      path: "hours",
      label: "Deadline",
      group: "machine",
      kind: "number",
      unit: "hours",
      help: "The run is ended after so long.",
      preset: numberText(preset.hours),
    },
    {
      ...PLAIN,
      path: "budget",
      label: "Budget",
      group: "machine",
      kind: "number",
      unit: "USD",
      help: "What the run may cost.",
      preset: numberText(preset.budget),
    },
  ];
  const code: readonly Field[] = [
    {
      ...PLAIN,
      path: "repo",
      label: "Repository",
      group: "code",
      kind: "text",
      help: "Of the training code: owner/repo, or a git URL where the server takes one.",
      preset: preset.repo,
    },
    {
      ...PLAIN,
      path: "ref",
      label: "Ref",
      group: "code",
      kind: "text",
      help: "A branch, a tag or a commit.",
      preset: preset.ref,
    },
    {
      ...PLAIN,
      path: "command",
      label: "Command",
      group: "code",
      kind: "lines",
      help: "The program, then its arguments, each on a line of its own.",
      preset: preset.command.join("\n"),
    },
  ];
  const environment = Object.entries(parseObject(preset.envJson) ?? {}).map(([name, value]): Field => ({
    ...PLAIN,
    path: `env.${name}`,
    label: name,
    group: "environment",
    kind: "text",
    preset: valueText(value),
  }));
  return [...numbers, ...machine, ...code, ...environment];
}

/** A number as a person would write it: 0.00005 is 5e-5, 120000 is 120000. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return value.toExponential().replace("e+", "e");
  return String(value);
}

/** Any JSON value in one line; texts without quotes, a list of words with blanks between. */
export function valueText(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value) && value.every((part) => typeof part === "string" && /^\S+$/.test(part))) {
    return value.join(" ");
  }
  return JSON.stringify(value);
}

/** Whether a text means another value than the preset's; nothing means the preset's. */
export function differs(field: Field, text: string): boolean {
  const given = text.trim();
  if (given === "") return false;
  if (field.kind === "integer" || field.kind === "number") return Number(given) !== Number(field.preset);
  if (field.kind === "lines") return linesOf(given).join("\n") !== field.preset;
  return given !== field.preset;
}

/** The lines that hold something. */
export function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

export interface Given {
  /** Of the fields that were given, by path. */
  readonly texts: Readonly<Record<string, string>>;
  /** Variables and keys that have no field. */
  readonly env: readonly (readonly [string, Json])[];
  readonly extra: readonly (readonly [string, Json])[];
}

/** What a run's training_params hold besides its preset: as texts of the fields, and what has none. */
export function givenIn(params: JsonObject, fields: readonly Field[]): Given {
  const env = isObject(params["env"]) ? params["env"] : {};
  const texts: Record<string, string> = {};
  const names = new Set(["preset", "source_dir", "env"]);
  const variables = new Set<string>();
  for (const field of fields) {
    const inEnv = field.group === "hyperparameters" || field.group === "environment";
    const name = field.path.slice(field.path.indexOf(".") + 1);
    (inEnv ? variables : names).add(name);
    const value = inEnv ? env[name] : params[name];
    if (value === undefined || value === null) continue;
    const lines = field.kind === "lines" && Array.isArray(value);
    texts[field.path] = lines ? (value as readonly Json[]).map(valueText).join("\n") : valueText(value);
  }
  return {
    texts,
    env: Object.entries(env).filter(([name]) => !variables.has(name)),
    extra: Object.entries(params).filter(([name]) => !names.has(name)),
  };
}
