import type { Preset, RunField, RunFieldKind } from "@/ros/training.ts";
import type { TrainingDefaults } from "@/ros/training_commands.ts";
import type { Json, JsonObject } from "@/text/json.ts";
import { isObject, parseObject } from "@/text/json.ts";

export type Group = "hyperparameters" | "machine" | "code" | "environment";

/** Something of a run that a preset has a value for. */
export interface Field {
  /** As the node names it in errors: "hours", "hyperparameters.BATCH_SIZE", "env.NAME". */
  readonly path: string;
  readonly label: string;
  readonly group: Group;
  readonly kind: RunFieldKind;
  readonly help: string;
  readonly unit: string;
  /** The preset's value as a text; a list has one item a line. */
  readonly preset: string;
  /** null: no limit, or one that only the server knows. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Unless it is set, it is the number of GPUs where that is certain. */
  readonly followsGpus: boolean;
}

/** A preset's value of each run field, by the field's name. */
const PRESET_VALUES: Readonly<Record<string, (preset: Preset) => string>> = {
  gpu_type: (preset) => preset.gpuType,
  min_gpus: (preset) => numberText(preset.minGpus),
  max_gpus: (preset) => numberText(preset.maxGpus),
  hours: (preset) => numberText(preset.hours),
  budget: (preset) => numberText(preset.budget),
  repo: (preset) => preset.repo,
  ref: (preset) => preset.ref,
  command: (preset) => preset.command.join("\n"),
};

const CODE = ["repo", "ref", "command"];

/** All fields of a preset, in the order in which they are shown; null where it is not offered. */
export function fieldsOf(defaults: TrainingDefaults | null, presetName: string): readonly Field[] | null {
  const preset = defaults?.presets.find(({ name }) => name === presetName);
  if (!defaults || !preset) return null;
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
    followsGpus: item.followsGpus,
  }));
  const others = defaults.fields.flatMap((field) => runField(field, preset));
  const environment = Object.entries(parseObject(preset.envJson) ?? {}).map(([name, value]): Field => ({
    path: `env.${name}`,
    label: name,
    group: "environment",
    kind: "text",
    help: "",
    unit: "",
    preset: valueText(value),
    minimum: null,
    maximum: null,
    followsGpus: false,
  }));
  return [...numbers, ...others, ...environment];
}

/** Nothing where a run can't be asked for with it. */
function runField({ name, ...facts }: RunField, preset: Preset): readonly Field[] {
  const value = PRESET_VALUES[name];
  if (!value) return [];
  const group = CODE.includes(name) ? "code" : "machine";
  return [{ ...facts, path: name, group, preset: value(preset), followsGpus: false }];
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
  if (field.kind === "list") return linesOf(given).join("\n") !== field.preset;
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
    const lines = field.kind === "list" && Array.isArray(value);
    texts[field.path] = lines ? (value as readonly Json[]).map(valueText).join("\n") : valueText(value);
  }
  return {
    texts,
    env: Object.entries(env).filter(([name]) => !variables.has(name)),
    extra: Object.entries(params).filter(([name]) => !names.has(name)),
  };
}
