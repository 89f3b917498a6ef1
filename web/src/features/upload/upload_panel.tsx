import { useId, useState } from "react";
import type { Job } from "@/ros/jobs.ts";
import { isActive } from "@/ros/jobs.ts";
import type { UploadPlan } from "@/ros/training_commands.ts";
import { useAction } from "@/state/action.ts";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectJobs, selectSkill } from "@/state/selectors.ts";
import { formatCount } from "@/text/numbers.ts";
import { formatAgo } from "@/text/time.ts";
import { Badge, Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Icon } from "@/ui/icons.tsx";
import { JobProgress } from "@/ui/job_progress.tsx";
import { useNow } from "@/ui/now.ts";
import { INPUT } from "@/ui/search.tsx";
import {
  doneText,
  isUploaded,
  limitOf,
  listed,
  problemsIn,
  uploadOf,
  wholeText,
  workText,
} from "./upload_words.ts";

/** What uploading a skill would do, with the answer asked again whenever the recordings or an upload change. */
export function useUploadPlan(skill: string) {
  const commands = useCommands();
  const listed = usePanel(selectSkill(skill));
  const job = usePanel((state) => uploadOf(selectJobs(state), skill));
  const version = [
    listed?.revision,
    listed?.episodeCount,
    listed?.sizeBytes,
    listed?.modified,
    listed?.uploadedEpisodeCount,
    job?.id,
    job?.state,
  ].join(" ");
  const answer = useAnswer(skill, version, () => commands.planUpload(skill));
  return { ...answer, plan: answer.value, job };
}

/** Whether a skill's recordings are on the training server, and what brings them there. */
export function UploadPanel({ skill, onNewRun }: { skill: string; onNewRun?: () => void }) {
  const { plan, problem, again, job } = useUploadPlan(skill);
  const server = usePanel((state) => state.runList?.problem ?? "");
  const active = job !== undefined && isActive(job);
  return (
    <div className="space-y-2.5" data-upload={skill} data-upload-state={plan?.state ?? ""}>
      {problem && (
        <Notice
          tone="danger"
          actions={
            <Button icon="refresh" onClick={again}>
              Look again
            </Button>
          }
        >
          {problem}
        </Notice>
      )}
      {plan && (
        <div>
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <Badge tone={isUploaded(plan) ? "ok" : "warn"}>{plan.state}</Badge>
            <span>{wholeText(plan)}</span>
          </p>
          {!active && !isUploaded(plan) && <p className="mt-1 text-quiet">{workText(plan)}</p>}
        </div>
      )}
      {job && active && <ActiveUpload job={job} />}
      {job && !active && <EndedUpload job={job} />}
      {server && !active && <Notice tone="warn">{server}</Notice>}
      {plan && !active && <StartUpload key={plan.state} skill={skill} plan={plan} onNewRun={onNewRun} />}
    </div>
  );
}

/** Folders that were copied whole, names and all, are one skill on the server: what that means for an upload. */
function SharedNotice({ plan }: { plan: UploadPlan }) {
  const others = plan.sharedWith;
  if (plan.refused) {
    return (
      <Notice tone="warn" title={`An upload would replace the files of ${listed(others, "or")}`}>
        This folder is a copy: it and {listed(others, "and")} are one skill on the training server. Uploaded
        as a skill of its own, it has its own files and runs there.
      </Notice>
    );
  }
  return (
    <p className="text-xs text-quiet">
      Copied from this folder: {listed(others, "and")}, which can be uploaded as a skill of its own.
    </p>
  );
}

function StartUpload({
  skill,
  plan,
  onNewRun,
}: {
  skill: string;
  plan: UploadPlan;
  onNewRun: (() => void) | undefined;
}) {
  const commands = useCommands();
  const { busy, problem, start } = useAction();
  const [raw, setRaw] = useState(false);
  const [limitText, setLimitText] = useState("");
  const limit = limitOf(limitText);
  const id = useId();
  const done = isUploaded(plan);
  const upload = (more: { as_new?: true }): void =>
    start(() => commands.startJob("upload_skill", { skill, raw, bytes_per_second: limit ?? 0, ...more }));
  return (
    <div className="space-y-2.5">
      {!done && (
        <details className="group">
          <summary className="inline-flex min-h-11 cursor-pointer items-center gap-1 rounded text-xs text-quiet hover:text-ink md:min-h-0">
            <Icon name="chevronRight" className="size-3.5 group-open:rotate-90" />
            Options
          </summary>
          <div className="mt-2 space-y-2.5">
            <div>
              <label className="flex items-center gap-2">
                <span>At most</span>
                <input
                  value={limitText}
                  inputMode="decimal"
                  autoComplete="off"
                  placeholder="no limit"
                  aria-invalid={limit === null}
                  aria-describedby={limit === null ? `${id}-limit` : undefined}
                  onChange={(event) => setLimitText(event.target.value)}
                  className={`${INPUT} w-24!`}
                />
                <span className="text-quiet">MB/s</span>
              </label>
              {limit === null && (
                <p id={`${id}-limit`} className="mt-1 text-xs text-danger">
                  Must be a number above 0, or nothing for no limit.
                </p>
              )}
            </div>
            {plan.rawEpisodes > 0 && (
              <label className="flex items-start gap-2 max-md:py-3">
                <input
                  type="checkbox"
                  checked={raw}
                  onChange={(event) => setRaw(event.target.checked)}
                  className="mt-1 accent-accent-fill"
                />
                <span>
                  Send the raw images of {formatCount(plan.rawEpisodes, "episode")} as they are, without
                  converting them to video first
                </span>
              </label>
            )}
          </div>
        </details>
      )}
      {plan.sharedWith.length > 0 && <SharedNotice plan={plan} />}
      {plan.rawEpisodes > 0 && !done && !raw && (
        <p className="text-xs text-quiet">
          The raw images of {formatCount(plan.rawEpisodes, "episode")} are first turned into video in the
          skill’s folder; the originals are kept there, in raw_data.
        </p>
      )}
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className="flex flex-wrap gap-2">
        {done && onNewRun && (
          <Button look="primary" icon="training" onClick={onNewRun}>
            New run
          </Button>
        )}
        {!plan.refused && (
          <Button
            look={done ? "plain" : "primary"}
            icon="upload"
            disabled={busy || limit === null}
            onClick={() => upload({})}
          >
            {done
              ? "Compare with the server"
              : plan.state === "never uploaded"
                ? "Upload"
                : "Upload what is missing"}
          </Button>
        )}
        {plan.refused && (
          <Button
            look="primary"
            icon="upload"
            disabled={busy || limit === null}
            onClick={() => upload({ as_new: true })}
          >
            Upload as a skill of its own
          </Button>
        )}
      </div>
    </div>
  );
}

function ActiveUpload({ job }: { job: Job }) {
  const commands = useCommands();
  const { busy, problem, start } = useAction();
  return (
    <div className="space-y-2">
      <JobProgress job={job} label="Upload" />
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className="flex flex-wrap gap-2">
        {job.pausable && job.state === "running" && (
          <Button
            icon={job.paused ? "play" : "pause"}
            disabled={busy || job.cancelling}
            onClick={() => start(() => commands.pauseJob(job.id, !job.paused))}
          >
            {job.paused ? "Resume" : "Pause"}
          </Button>
        )}
        <Button disabled={busy || job.cancelling} onClick={() => start(() => commands.cancelJob(job.id))}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function EndedUpload({ job }: { job: Job }) {
  const now = useNow(30_000);
  const problems = problemsIn(job);
  if (job.state === "done") {
    return (
      <div className="space-y-2">
        <p className="text-xs text-faint">
          Last upload {formatAgo(job.finished, now)}. {doneText(job)}
        </p>
        {problems.length > 0 && (
          <Notice tone="warn">
            {problems.map((text) => (
              <p key={text}>{text}</p>
            ))}
          </Notice>
        )}
      </div>
    );
  }
  if (job.state === "cancelled") {
    return (
      <p className="text-xs text-faint">The last upload was cancelled {formatAgo(job.finished, now)}.</p>
    );
  }
  return (
    <Notice tone="danger" title={job.state === "failed" ? "The upload failed" : "The upload was interrupted"}>
      {job.message}
    </Notice>
  );
}
