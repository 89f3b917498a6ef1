import type { LogPart } from "@/ros/training_commands.ts";

/** What is here of a run's log: one stretch of it, as the parts in which it came. */
export interface RunLogText {
  readonly parts: readonly LogPart[];
  /** Nothing more will come at the end. */
  readonly complete: boolean;
}

export const NO_LOG: RunLogText = { parts: [], complete: false };

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

/** With the part before it. */
export function withOlder(log: RunLogText, part: LogPart): RunLogText {
  const start = startOf(log);
  if (start === null || part.start >= start || part.nextOffset < start) return log;
  return { ...log, parts: [part, ...log.parts] };
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
