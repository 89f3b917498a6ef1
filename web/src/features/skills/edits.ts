/**
 * Editing one skill's metadata.json: what is on disk, what the user made of it, and what happens when
 * both change. Pure; the components only show this and send actions.
 */
import type { FieldError, MetadataField } from "@/ros/messages.ts";
import type { Change, JsonObject } from "@/text/json.ts";
import {
  applyPatch,
  changes,
  isObject,
  lookup,
  mergePatch,
  parseObject,
  replaced,
  sameJson,
} from "@/text/json.ts";
import { formatField, parseField } from "./field_text.ts";

/** metadata.json as it was at one time. */
export interface Stored {
  readonly text: string;
  readonly revision: string;
  /** {} where the text is no JSON object. */
  readonly value: JsonObject;
}

export interface Edits {
  readonly base: Stored;
  readonly draft: JsonObject;
  /** Texts as they were typed, by path; "execution" is the whole block as JSON. */
  readonly texts: Readonly<Record<string, string>>;
  /** What is wrong with a typed text, by path. */
  readonly problems: Readonly<Record<string, string>>;
  /** What the node refused at the last attempt to save. */
  readonly refused: readonly FieldError[];
  /** What somebody else saved while there were edits here. */
  readonly theirs: Stored | null;
}

export type EditAction =
  | { readonly type: "typed"; readonly field: MetadataField; readonly text: string }
  | { readonly type: "typed execution"; readonly text: string }
  /** A newer state is known: from the disk, or from an attempt to save. */
  | { readonly type: "arrived"; readonly stored: Stored }
  | { readonly type: "saved"; readonly stored: Stored }
  | { readonly type: "refused"; readonly errors: readonly FieldError[] }
  | { readonly type: "take theirs" }
  | { readonly type: "keep mine" }
  | { readonly type: "discard" };

export const EXECUTION = "execution";

export function stored(text: string, revision: string): Stored {
  return { text, revision, value: parseObject(text) ?? {} };
}

export function startEditing(base: Stored, draft = base.value): Edits {
  return { base, draft, texts: {}, problems: {}, refused: [], theirs: null };
}

export function isDirty(edits: Edits): boolean {
  return Object.keys(edits.problems).length > 0 || !sameJson(edits.base.value, edits.draft);
}

export function canSave(edits: Edits): boolean {
  return isDirty(edits) && Object.keys(edits.problems).length === 0 && edits.theirs === null;
}

/** What to send to the node. */
export function patchOf(edits: Edits): JsonObject {
  return mergePatch(edits.base.value, edits.draft);
}

export function fieldText(edits: Edits, field: MetadataField): string {
  return edits.texts[field.path] ?? formatField(field, lookup(edits.draft, field.path));
}

export function executionText(edits: Edits): string {
  return edits.texts[EXECUTION] ?? JSON.stringify(edits.draft[EXECUTION] ?? {}, null, 2);
}

/** What is wrong with the field: as it is typed, else as the node said. */
export function fieldProblem(edits: Edits, path: string): string | undefined {
  return edits.problems[path] ?? edits.refused.find((error) => error.field === path)?.message;
}

export interface TheirChange extends Change {
  /** The user changed it, too. */
  readonly clash: boolean;
}

/** What somebody else changed since these edits began. */
export function theirChanges(edits: Edits): readonly TheirChange[] {
  if (!edits.theirs) return [];
  const mine = changes(edits.base.value, edits.draft).map(({ path }) => path);
  return changes(edits.base.value, edits.theirs.value).map((change) => ({
    ...change,
    clash: mine.some((path) => overlaps(path, change.path)),
  }));
}

export function edit(edits: Edits, action: EditAction): Edits {
  switch (action.type) {
    case "typed":
      return typed(edits, action.field, action.text);
    case "typed execution":
      return typedExecution(edits, action.text);
    case "arrived":
      return arrived(edits, action.stored);
    case "saved":
      return startEditing(action.stored);
    case "refused":
      return { ...edits, refused: action.errors };
    case "take theirs":
      return startEditing(edits.theirs ?? edits.base);
    case "keep mine":
      return edits.theirs
        ? startEditing(edits.theirs, applyPatch(edits.theirs.value, patchOf(edits)))
        : edits;
    case "discard":
      return startEditing(edits.base);
  }
}

function typed(edits: Edits, field: MetadataField, text: string): Edits {
  const { path } = field;
  const parsed = parseField(field, text);
  const next = {
    ...edits,
    texts: { ...edits.texts, [path]: text },
    problems: without(edits.problems, path),
    refused: edits.refused.filter((error) => error.field !== path),
  };
  if ("problem" in parsed) return { ...next, problems: { ...next.problems, [path]: parsed.problem } };
  return { ...next, draft: replaced(edits.draft, path, parsed.value ?? defaultValue(edits, path)) };
}

/** A field that is left to its default is null where the file has the key, and absent where it has not. */
function defaultValue(edits: Edits, path: string): null | undefined {
  return lookup(edits.base.value, path) === undefined ? undefined : null;
}

function typedExecution(edits: Edits, text: string): Edits {
  const value = parseObject(text);
  const below = (path: string): boolean => path === EXECUTION || path.startsWith(`${EXECUTION}.`);
  const keep = (entries: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(entries).filter(([path]) => !below(path)));
  const next = {
    ...edits,
    texts: { ...keep(edits.texts), [EXECUTION]: text },
    problems: keep(edits.problems),
    refused: edits.refused.filter((error) => !below(error.field)),
  };
  if (value) return { ...next, draft: replaced(edits.draft, EXECUTION, value) };
  return { ...next, problems: { ...next.problems, [EXECUTION]: notAnObject(text) } };
}

function arrived(edits: Edits, newer: Stored): Edits {
  if (newer.revision === edits.base.revision) return { ...edits, theirs: null };
  if (!isDirty(edits)) return startEditing(newer);
  // Only what was not shown in a form changed, or exactly what the user typed: nothing to decide.
  const merged = startEditing(newer, applyPatch(newer.value, patchOf(edits)));
  if (sameJson(edits.base.value, newer.value)) return { ...edits, base: newer, theirs: null };
  if (sameJson(merged.draft, newer.value) && Object.keys(edits.problems).length === 0) return merged;
  return { ...edits, theirs: newer };
}

function notAnObject(text: string): string {
  try {
    JSON.parse(text);
    return "A JSON object is needed: { … }";
  } catch (problem) {
    return problem instanceof Error ? `No JSON yet: ${problem.message}` : "No JSON yet.";
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

function without(entries: Readonly<Record<string, string>>, path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => key !== path));
}

/** The execution block is unusable as a form: it is there and is no object. */
export function executionIsBroken(edits: Edits): boolean {
  const value = edits.draft[EXECUTION];
  return value !== undefined && value !== null && !isObject(value);
}
