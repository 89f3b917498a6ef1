import { formatDuration } from "@/text/time.ts";

/** The browser's local time, with the day unless it is today's: `14:03`, `Nov 26, 14:03`. */
export function timeText(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const time = date.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const today = new Date(now).toDateString() === date.toDateString();
  return today ? time : `${date.toLocaleDateString("en", { month: "short", day: "numeric" })}, ${time}`;
}

/** A length without needless digits: `40 s`, `5 min`, `2 h 03 min`. */
export function roughDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 600) return formatDuration(seconds);
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return formatDuration(seconds);
}
