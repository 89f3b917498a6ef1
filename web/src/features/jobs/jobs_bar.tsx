import { useState } from "react";
import type { Job } from "@/ros/jobs.ts";
import { isActive } from "@/ros/jobs.ts";
import { useRoute } from "@/route/navigation.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectJobs } from "@/state/selectors.ts";
import { knownFraction, stageText, timeLeft } from "@/ui/job_text.ts";
import { Notice } from "@/ui/badge.tsx";
import { Icon } from "@/ui/icons.tsx";
import type { IconName } from "@/ui/icons.tsx";
import { useNow } from "@/ui/now.ts";
import { ProgressBar } from "@/ui/progress.tsx";
import { jobTitle, madeName, resultText } from "./job_words.ts";
import { JobRow, OpenResult, useNameOf } from "./job_row.tsx";

/**
 * Under every page once there is a job: a line with what is going on, which opens into all jobs. What it
 * shows comes from the robot alone, so every browser shows the same.
 */
export function JobsBar() {
  const jobs = usePanel(selectJobs);
  const problem = usePanel((state) => state.jobList?.problem ?? "");
  const { episode, run } = useRoute();
  const [open, setOpen] = useState(false);
  const active = jobs.filter(isActive);
  const shown = active.find((job) => job.state === "running") ?? active.at(-1) ?? newest(jobs);
  // On a phone an opened episode and the form of a run need the room.
  const yields = (episode !== null || run === "new") && active.length === 0 && !open && !problem;
  if (!shown && !problem) return null;

  return (
    <section
      aria-label="Jobs"
      className={`relative flex min-h-11 flex-col border-t border-line bg-canvas md:min-h-8 ${open ? "" : "shrink-0"} ${yields ? "max-md:hidden" : ""}`}
    >
      <div className="flex h-11 shrink-0 items-center pr-1 md:h-8">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex h-full min-w-0 flex-1 items-center gap-2 px-3 text-left text-xs hover:bg-hover"
        >
          <Icon name={open ? "chevronDown" : "chevronUp"} className="text-faint" />
          <span className="font-medium">Jobs</span>
          {active.length > 0 && (
            <span className="rounded bg-accent-soft px-1.5 font-medium text-accent">
              {active.length}
              <span className="sr-only"> running or waiting</span>
            </span>
          )}
          {problem && <span className="truncate text-danger">{problem}</span>}
          {!open && shown && !problem && <OneLine job={shown} />}
        </button>
        {!open && shown && <OpenResult job={shown} />}
      </div>
      {open && (
        <div className="max-h-[45dvh] min-h-0 overflow-y-auto overscroll-contain border-t border-line bg-surface">
          {problem && (
            <div className="p-3">
              <Notice tone="danger">{problem}</Notice>
            </div>
          )}
          <Rows jobs={jobs} active={active} onOpen={() => setOpen(false)} />
        </div>
      )}
    </section>
  );
}

function Rows({
  jobs,
  active,
  onOpen,
}: {
  jobs: readonly Job[];
  active: readonly Job[];
  /** A result is opened, which needs the room. */
  onOpen: () => void;
}) {
  const now = useNow(60_000);
  const ended = jobs.filter((job) => !isActive(job)).sort((a, b) => b.finished - a.finished);
  return (
    <ul aria-label="Jobs" className="divide-y divide-line">
      {[...active, ...ended].map((job) => (
        <JobRow key={job.id} job={job} now={now} onOpen={onOpen} />
      ))}
    </ul>
  );
}

function OneLine({ job }: { job: Job }) {
  const nameOf = useNameOf();
  const title = jobTitle(job, nameOf);
  const made = madeName(job);
  if (isActive(job)) {
    return (
      <>
        <span className="min-w-0 truncate text-quiet">{title}</span>
        <ProgressBar
          label={title}
          fraction={job.state === "queued" ? 0 : knownFraction(job)}
          paused={job.paused || job.state === "queued"}
          className="w-16 shrink-0 sm:w-32"
        />
        <span className="shrink-0 text-faint max-sm:sr-only">
          {[stageText(job), timeLeft(job)].filter(Boolean).join(" · ")}
        </span>
      </>
    );
  }
  return (
    <>
      <Icon name={ICONS[job.state] ?? "alert"} className={LOOKS[job.state] ?? "text-faint"} />
      <span className="min-w-0 truncate text-quiet">
        {title}
        {made && <span className="max-sm:hidden"> → {made}</span>}: {resultText(job) || job.state}
        {job.message && ` — ${job.message}`}
      </span>
    </>
  );
}

const ICONS: Readonly<Record<string, IconName>> = { done: "check", cancelled: "close" };
const LOOKS: Readonly<Record<string, string>> = {
  done: "text-ok",
  failed: "text-danger",
  interrupted: "text-warn",
};

/** The job that ended last. */
function newest(jobs: readonly Job[]): Job | undefined {
  return jobs.reduce<Job | undefined>(
    (last, job) => (last && last.finished >= job.finished ? last : job),
    undefined,
  );
}
