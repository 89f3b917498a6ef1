import type { Job } from "@/ros/jobs.ts";
import { countTexts, knownFraction, stageText, timeLeft } from "./job_text.ts";
import { ProgressBar } from "./progress.tsx";

/** A job that waits or runs: its stage, a bar, what is counted, and what it waits for, if it does. */
export function JobProgress({ job, label }: { job: Job; label: string }) {
  const facts = [...countTexts(job), timeLeft(job)].filter(Boolean);
  return (
    <div className="min-w-0 space-y-1">
      <ProgressBar
        label={label}
        fraction={job.state === "queued" ? 0 : knownFraction(job)}
        paused={job.paused || job.state === "queued"}
      />
      <p className="flex flex-wrap gap-x-2 text-xs text-faint">
        <span className="font-medium text-quiet">{stageText(job)}</span>
        {job.state === "queued" && job.message ? (
          <span>{job.message}</span>
        ) : (
          facts.map((fact) => <span key={fact}>{fact}</span>)
        )}
      </p>
      {job.state === "running" && job.message && (
        <p role="status" className="text-xs wrap-anywhere text-warn">
          {job.message}
        </p>
      )}
    </div>
  );
}
