/** Times and durations as people read them. */

/** A position in an episode: `0:04.233`, `12:00.000`. */
export function formatPosition(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const minutes = Math.floor(ms / 60_000);
  return `${minutes}:${((ms % 60_000) / 1000).toFixed(3).padStart(6, "0")}`;
}

/** A length: `8.4 s`, `1 min 05 s`, `2 h 03 min`. */
export function formatDuration(seconds: number): string {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/**
 * A recorded time stamp (ISO 8601, the robot's local time without zone) without its fraction:
 * `2025-06-01 14:03:22`. It is not shifted into the browser's zone: the robot's wall clock is meant.
 */
export function formatRecorded(iso: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)/.exec(iso);
  return parts ? `${parts[1] ?? ""} ${parts[2] ?? ""}` : iso;
}

/** The browser's local time of day with milliseconds: `14:03:22.041`. */
export function formatTimeOfDay(ms: number): string {
  const date = new Date(ms);
  const day = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** `just now`, `5 min ago`, `3 h ago`, `2 d ago`, else the date. */
export function formatAgo(ms: number, now: number): string {
  const seconds = (now - ms) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
