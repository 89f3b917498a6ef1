import type { LogLine } from "@/ros/messages.ts";

/** Lines that are kept in the browser; the node itself keeps 500. */
export const LOG_LIMIT = 5000;

/**
 * Lines that arrived in any order and by two ways (topic and service), merged: in order of time, each
 * once, the newest `LOG_LIMIT`. Returns `kept` itself where nothing is new.
 */
export function mergeLogs(kept: readonly LogLine[], arrived: readonly LogLine[]): readonly LogLine[] {
  const known = new Set(kept.map((line) => line.key));
  const fresh = arrived.filter((line) => !known.has(line.key) && known.add(line.key));
  if (fresh.length === 0) return kept;
  const all = [...kept, ...fresh];
  const first = fresh.reduce((least, line) => Math.min(least, line.time), Infinity);
  const last = kept.at(-1);
  if (fresh.length > 1 || (last && first < last.time)) all.sort((a, b) => a.time - b.time);
  return all.slice(-LOG_LIMIT);
}
