import type { Level, LogLine } from "@/ros/messages.ts";

export const LEVELS: readonly Level[] = ["debug", "info", "warning", "error", "fatal"];

export interface LogFilter {
  /** The least serious level that is shown. */
  readonly level: Level;
  readonly search: string;
}

export function filterLogs(lines: readonly LogLine[], { level, search }: LogFilter): readonly LogLine[] {
  const least = LEVELS.indexOf(level);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (least <= 0 && words.length === 0) return lines;
  return lines.filter((line) => {
    if (LEVELS.indexOf(line.level) < least) return false;
    const text = `${line.name} ${line.message}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface Unread {
  readonly lines: number;
  readonly warnings: number;
  readonly errors: number;
}

/** What arrived after the line with the key `seen`; everything where that line is gone. */
export function linesAfter(lines: readonly LogLine[], seen: string | null): readonly LogLine[] {
  return seen === null ? lines : lines.slice(lines.findLastIndex((line) => line.key === seen) + 1);
}

/** How much arrived after the line with the key `seen`. */
export function unread(lines: readonly LogLine[], seen: string | null): Unread {
  const fresh = linesAfter(lines, seen);
  return {
    lines: fresh.length,
    warnings: fresh.filter((line) => line.level === "warning").length,
    errors: fresh.filter((line) => line.level === "error" || line.level === "fatal").length,
  };
}
