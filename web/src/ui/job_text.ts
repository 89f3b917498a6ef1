/** A job's progress in words. */
import type { Job } from "@/ros/jobs.ts";
import { formatBytes } from "@/text/numbers.ts";
import { formatDuration } from "@/text/time.ts";

const TRANSFERS: ReadonlySet<string> = new Set(["upload_skill", "download_run"]);

/** 0 to 1; null where nothing is counted yet. */
export function knownFraction(job: Job): number | null {
  return job.bytesTotal > 0 || job.itemsTotal > 0 ? job.fraction : null;
}

/** `Placing files`, `Waiting`, `Paused`, `Cancelling…`. */
export function stageText(job: Job): string {
  if (job.cancelling) return "Cancelling…";
  if (job.state === "queued") return "Waiting";
  if (job.paused) return "Paused";
  if (job.stage === "") return "Starting…";
  return job.stage.charAt(0).toUpperCase() + job.stage.slice(1);
}

/** `12 of 50`, `1.2 of 3.4 GB`, `45 MB/s`: what is known of it. */
export function countTexts(job: Job): readonly string[] {
  const counts: string[] = [];
  if (job.itemsTotal > 0) {
    const unit = TRANSFERS.has(job.kind) ? " files" : "";
    counts.push(`${job.itemsDone.toLocaleString("en")} of ${job.itemsTotal.toLocaleString("en")}${unit}`);
  }
  if (job.bytesTotal > 0) counts.push(`${formatBytes(job.bytesDone)} of ${formatBytes(job.bytesTotal)}`);
  const steady = job.state === "running" && !job.paused && !job.cancelling && job.rate > 0;
  if (steady) counts.push(job.bytesTotal > 0 ? `${formatBytes(job.rate)}/s` : `${rough(job.rate)} a second`);
  return counts;
}

/** `8 s left`; "" where it is unknown or means nothing. */
export function timeLeft(job: Job): string {
  if (job.state !== "running" || job.paused || job.cancelling || job.secondsLeft < 0) return "";
  // With all bytes done something else is still to do, which says itself what it is.
  if (job.secondsLeft < 1) return job.bytesDone < job.bytesTotal ? "almost done" : "";
  return `${job.secondsLeft < 60 ? `${Math.round(job.secondsLeft)} s` : formatDuration(job.secondsLeft)} left`;
}

function rough(rate: number): string {
  return rate >= 10 ? Math.round(rate).toLocaleString("en") : rate.toFixed(1);
}
