import type { LogPart } from "@/ros/training_commands.ts";

/** What is here of a run's log: one stretch of it, as the parts in which it came. */
export interface RunLogText {
  readonly parts: readonly LogPart[];
  /** Nothing more will come at the end. */
  readonly complete: boolean;
}

export const NO_LOG: RunLogText = { parts: [], complete: false };

/** Bytes that are asked for at once. */
export const LOG_PART = 65_536;

/** Characters that are kept; what is older is asked for again when it is wanted. */
export const LOG_KEPT = 2_000_000;

/** With what came next; what is here already is not taken, and what the server left out is told. */
export function withNewer(log: RunLogText, part: LogPart): RunLogText {
  const end = endOf(log);
  if (end !== null && part.start < end) return log;
  const gap = end !== null && part.start > end ? [leftOut(end, part.start)] : [];
  const parts = part.text === "" && log.parts.length > 0 ? log.parts : [...log.parts, ...gap, part];
  return { parts: trimmed(parts), complete: part.complete };
}

function leftOut(start: number, nextOffset: number): LogPart {
  const count = (nextOffset - start).toLocaleString("en");
  return { text: `\n[${count} bytes were left out]\n`, start, nextOffset, complete: false };
}

/**
 * What comes before `start`, in order and without a hole but one that the server left out itself, which then
 * lies behind it. `ask` gives the part at an offset of so many bytes at most, or the first one after it.
 */
export async function partsBefore(
  start: number,
  ask: (offset: number, limit: number) => Promise<LogPart>,
): Promise<readonly LogPart[]> {
  let part: LogPart;
  let from = start;
  for (let span = LOG_PART; ; span *= 4) {
    from = Math.max(0, start - span);
    part = await ask(from, Math.min(LOG_PART, start - from));
    if (part.start < start || from === 0) break; // else all of that was left out
  }
  // It began later than where it was asked for, so it may reach too far.
  if (part.start < start && part.nextOffset > start) part = await ask(part.start, start - part.start);
  const parts: LogPart[] = [];
  while (part.start < start && part.text !== "") {
    parts.push(part);
    const end = part.nextOffset;
    if (end >= start) break;
    part = await ask(end, Math.min(LOG_PART, start - end));
    if (part.start !== end) break;
  }
  return parts;
}

/** With the parts before `start`, if that is where it still begins. */
export function withOlder(log: RunLogText, start: number, parts: readonly LogPart[]): RunLogText {
  const end = parts.at(-1)?.nextOffset;
  if (startOf(log) !== start || end === undefined || end > start) return log;
  const gap = end < start ? [leftOut(end, start)] : [];
  return { ...log, parts: [...parts, ...gap, ...log.parts] };
}

/** Where it begins, in bytes; null where nothing is here yet. */
export function startOf(log: RunLogText): number | null {
  return log.parts[0]?.start ?? null;
}

/** What to ask for next, in bytes. */
export function endOf(log: RunLogText): number | null {
  return log.parts.at(-1)?.nextOffset ?? null;
}

function trimmed(parts: readonly LogPart[]): readonly LogPart[] {
  let size = parts.reduce((sum, part) => sum + part.text.length, 0);
  let first = 0;
  while (size > LOG_KEPT && first < parts.length - 1) size -= parts[first++]?.text.length ?? 0;
  return first === 0 ? parts : parts.slice(first);
}

// Colours and cursor movements of terminals.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** The lines as a terminal would show them: without colours, and of a progress bar its last state. */
export function linesOfLog(log: RunLogText): readonly string[] {
  const lines = log.parts
    .map((part) => part.text)
    .join("")
    .replace(ESCAPES, "")
    .split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    if (!line.includes("\r")) return line;
    return line.split("\r").filter(Boolean).at(-1) ?? "";
  });
}

/** The lines that hold all of the words, whatever their case. */
export function findLines(lines: readonly string[], search: string): readonly string[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const text = line.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
