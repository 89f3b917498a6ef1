import type { Job, JobState } from "@/ros/jobs.ts";
import { isActive } from "@/ros/jobs.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { useAction } from "@/state/action.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { formatAgo, formatDuration } from "@/text/time.ts";
import { Badge } from "@/ui/badge.tsx";
import type { Tone } from "@/ui/badge.tsx";
import { Button, IconButton } from "@/ui/button.tsx";
import { JobProgress } from "@/ui/job_progress.tsx";
import { jobTitle, madeName, resultNotes, resultPlace, resultText } from "./job_words.ts";

const TONES: Readonly<Record<JobState, Tone>> = {
  queued: "neutral",
  running: "accent",
  done: "ok",
  failed: "danger",
  cancelled: "neutral",
  interrupted: "warn",
};

/** One job with everything that is known of it, and what can be done to it. */
export function JobRow({ job, now, onOpen }: { job: Job; now: number; onOpen: () => void }) {
  const nameOf = useNameOf();
  const title = jobTitle(job, nameOf);
  const made = madeName(job);
  const active = isActive(job);
  return (
    <li data-job={job.id} data-state={job.state} className="space-y-1 px-4 py-2">
      <div className="flex min-h-7 items-center gap-2">
        <p className="min-w-0 flex-1">
          <span className="font-medium">{title}</span>
          {made && <span className="text-quiet"> → {made}</span>}
        </p>
        {!active && <Badge tone={TONES[job.state]}>{job.state}</Badge>}
        {active ? <Steering job={job} title={title} /> : <OpenResult job={job} onOpen={onOpen} />}
      </div>
      {active ? (
        <JobProgress job={job} label={title} />
      ) : (
        <p className="text-xs text-faint">
          {job.message && (
            <span className={`mr-2 text-sm ${job.state === "failed" ? "text-danger" : "text-quiet"}`}>
              {job.message}
            </span>
          )}
          {resultText(job) && <span className="mr-2 font-medium text-quiet">{resultText(job)}</span>}
          {job.finished > 0 && formatAgo(job.finished, now)}
          {job.state === "done" &&
            job.started > 0 &&
            ` · took ${formatDuration((job.finished - job.started) / 1000)}`}
        </p>
      )}
      {resultNotes(job).map((note) => (
        <p key={note} className="text-xs text-warn">
          {note}
        </p>
      ))}
    </li>
  );
}

/** A link to what a job made; nothing where there is nothing to open. */
export function OpenResult({ job, onOpen }: { job: Job; onOpen?: () => void }) {
  const place = resultPlace(job);
  const there = usePanel(
    (state) => place?.skill != null && state.skillList?.skills.some((skill) => skill.name === place.skill),
  );
  if (!place || !there) return null;
  return (
    <RouteLink
      to={place}
      onClickCapture={onOpen}
      className="inline-flex h-11 shrink-0 items-center rounded-md px-2 md:h-7 font-medium text-accent hover:bg-accent-soft"
    >
      {job.kind === "check_dataset" ? "See the result" : "Open the result"}
    </RouteLink>
  );
}

function Steering({ job, title }: { job: Job; title: string }) {
  const commands = useCommands();
  const { busy, problem, start } = useAction();
  return (
    <>
      {problem && (
        <span role="alert" className="text-xs text-danger">
          {problem}
        </span>
      )}
      {job.pausable && job.state === "running" && !job.cancelling && (
        <IconButton
          label={`${job.paused ? "Resume" : "Pause"}: ${title}`}
          icon={job.paused ? "play" : "pause"}
          disabled={busy}
          onClick={() => start(() => commands.pauseJob(job.id, !job.paused))}
        />
      )}
      <Button
        look="danger"
        disabled={busy || job.cancelling}
        aria-label={`Cancel: ${title}`}
        onClick={() => start(() => commands.cancelJob(job.id))}
      >
        Cancel
      </Button>
    </>
  );
}

/** The display name of a skill's folder; the folder's own where there is no such skill. */
export function useNameOf(): (folder: string) => string {
  const skills = usePanel((state) => state.skillList?.skills);
  return (folder) => skills?.find((skill) => skill.name === folder)?.displayName ?? folder;
}
