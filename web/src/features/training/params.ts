import { parseObject } from "@/text/json.ts";
import type { Field, Group } from "./fields.ts";
import { differs, givenIn, valueText } from "./fields.ts";

/** One value that a run was asked for with, or has from its preset. */
export interface Param {
  readonly path: string;
  readonly label: string;
  readonly group: Group | "further";
  readonly value: string;
  /** null: the preset has none, or is not known here. */
  readonly preset: string | null;
  readonly changed: boolean;
}

export const GROUPS: readonly { readonly group: Param["group"]; readonly label: string }[] = [
  { group: "hyperparameters", label: "Hyperparameters" },
  { group: "machine", label: "Machine and limits" },
  { group: "code", label: "Code" },
  { group: "environment", label: "Environment" },
  { group: "further", label: "Further" },
];

/** The preset that a run names, by its training_params; "" where it names none. */
export function presetName(paramsJson: string): string {
  const name = parseObject(paramsJson)?.["preset"];
  return typeof name === "string" ? name : "";
}

/** All values of a run; where its preset's fields are not known only those that it was asked for with. */
export function paramsOf(paramsJson: string, fields: readonly Field[] | null): readonly Param[] {
  const given = givenIn(parseObject(paramsJson) ?? {}, fields ?? []);
  const known = (fields ?? []).map((field): Param => {
    const text = given.texts[field.path];
    return {
      path: field.path,
      label: field.label,
      group: field.group,
      value: oneLine(field, text ?? field.preset),
      preset: oneLine(field, field.preset),
      changed: text !== undefined && differs(field, text),
    };
  });
  const further = (name: string, group: Param["group"], path: string, value: string): Param => ({
    path,
    label: name,
    group,
    value,
    preset: null,
    changed: fields !== null,
  });
  return [
    ...known,
    ...given.env.map(([name, value]) => further(name, "environment", `env.${name}`, valueText(value))),
    ...given.extra.map(([name, value]) => further(name, "further", name, valueText(value))),
  ];
}

function oneLine(field: Field, text: string): string {
  if (field.kind !== "list") return text;
  return text
    .split("\n")
    .map((part) => (/^\S+$/.test(part) ? part : JSON.stringify(part)))
    .join(" ");
}

/** The same value of two runs; "" where a run has none. */
export interface Pair {
  readonly path: string;
  readonly label: string;
  readonly group: Param["group"];
  readonly first: string;
  readonly second: string;
  readonly differ: boolean;
}

/** Two runs' values side by side, in the order of the first one's. */
export function pairsOf(first: readonly Param[], second: readonly Param[]): readonly Pair[] {
  const others = new Map(second.map((param) => [param.path, param]));
  const own = new Set(first.map((param) => param.path));
  return [...first, ...second.filter((param) => !own.has(param.path))].map((param) => {
    const [a, b] = [own.has(param.path) ? param.value : "", others.get(param.path)?.value ?? ""];
    return {
      path: param.path,
      label: param.label,
      group: param.group,
      first: a,
      second: b,
      differ: a !== b && (a === "" || b === "" || Number.isNaN(Number(a)) || Number(a) !== Number(b)),
    };
  });
}
