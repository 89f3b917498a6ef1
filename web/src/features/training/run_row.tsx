import type { ReactNode } from "react";
import type { TrainingRun } from "@/ros/training.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { usePanel } from "@/state/panel.tsx";
import { selectSkill } from "@/state/selectors.ts";
import { formatAgo } from "@/text/time.ts";
import { Badge } from "@/ui/badge.tsx";
import { Icon } from "@/ui/icons.tsx";
import { ProgressBar } from "@/ui/progress.tsx";
import {
  isCancelled,
  isFailed,
  lossText,
  outcomeText,
  outcomeTone,
  placeText,
  resultText,
  runFraction,
  stepText,
} from "./run_words.ts";
import { roughDuration } from "./times.ts";

export const ROW_HEIGHT = 48;
export const CARD_HEIGHT = 84;

const COLUMNS =
  "grid grid-cols-[minmax(7rem,1.2fr)_2.5rem_8rem_minmax(9rem,1.8fr)_4rem_5rem_6.5rem_minmax(4rem,1fr)_7rem] items-center gap-x-3 px-4 xl:gap-x-5";

interface RowProps {
  readonly run: TrainingRun;
  readonly now: number;
  readonly current: boolean;
}

export function RunTableHead() {
  return (
    <div aria-hidden="true" className={`${COLUMNS} h-8 shrink-0 border-b border-line eyebrow`}>
      <span>Skill</span>
      <span>Run</span>
      <span>Status</span>
      <span>Progress</span>
      <span className="text-right">Loss</span>
      <span className="text-right">Time left</span>
      <span>Started</span>
      <span>Runs on</span>
      <span>Results</span>
    </div>
  );
}

/** A run as a line of the table. */
export function RunRow({ run, now, current }: RowProps) {
  const started = run.started || run.created;
  return (
    <RunLink
      run={run}
      current={current}
      className={`${COLUMNS} h-full border-b border-line hover:bg-hover aria-[current]:bg-accent-soft`}
    >
      <SkillName run={run} className="truncate font-medium" />
      <span className="text-quiet">{run.runId}</span>
      <span>
        <StatusBadge run={run} />
      </span>
      <span className="min-w-0">
        {run.errorMessage && !isCancelled(run) ? (
          <span className={`line-clamp-2 text-xs wrap-anywhere ${errorLook(run)}`} title={run.errorMessage}>
            {run.errorMessage}
          </span>
        ) : (
          <RunProgress run={run} />
        )}
      </span>
      <span className="text-right">{run.loss === null ? "" : lossText(run.loss)}</span>
      <span className="text-right">{timeLeft(run)}</span>
      <span
        className={`truncate ${run.started ? "text-quiet" : "text-xs text-faint"}`}
        title={started ? new Date(started).toLocaleString() : undefined}
      >
        {started > 0 && `${run.started ? "" : "asked "}${formatAgo(started, Math.max(now, started))}`}
      </span>
      <span className="truncate text-quiet" title={placeText(run)}>
        {placeText(run)}
      </span>
      <Result run={run} />
    </RunLink>
  );
}

/** The same where there is no room for a table. */
export function RunCard({ run, now, current }: RowProps) {
  const started = run.started || run.created;
  const facts = [
    run.loss === null ? "" : `loss ${lossText(run.loss)}`,
    timeLeft(run) && `${timeLeft(run)} left`,
    started ? `${run.started ? "" : "asked "}${formatAgo(started, Math.max(now, started))}` : "",
  ].filter(Boolean);
  return (
    <RunLink
      run={run}
      current={current}
      className="flex h-full flex-col justify-center gap-1 border-b border-line px-4 hover:bg-hover aria-[current]:bg-accent-soft"
    >
      <span className="flex items-center gap-2">
        <SkillName run={run} className="truncate font-medium" />
        <span className="shrink-0 text-faint">run {run.runId}</span>
        <span className="ml-auto">
          <StatusBadge run={run} />
        </span>
      </span>
      {run.errorMessage && !isCancelled(run) ? (
        <span className={`truncate text-xs ${errorLook(run)}`}>{run.errorMessage}</span>
      ) : run.active ? (
        <RunProgress run={run} />
      ) : (
        <span className="truncate text-xs text-quiet">{stepText(run) || run.daemonState}</span>
      )}
      <span className="flex items-center gap-2 text-xs text-faint">
        <span className="min-w-0 flex-1 truncate">{facts.join(" · ")}</span>
        <Result run={run} />
      </span>
    </RunLink>
  );
}

function RunLink({
  run,
  current,
  className,
  children,
}: {
  run: TrainingRun;
  current: boolean;
  className: string;
  children: ReactNode;
}) {
  return (
    <RouteLink
      to={{ tab: "training", skill: run.skill, run: run.runId }}
      aria-current={current ? "true" : undefined}
      data-run={`${run.skill}/${run.runId}`}
      data-status={run.status}
      className={className}
    >
      {children}
    </RouteLink>
  );
}

function SkillName({ run, className }: { run: TrainingRun; className: string }) {
  const name = usePanel(selectSkill(run.skill))?.displayName ?? run.skill;
  return <span className={className}>{name}</span>;
}

/** A run's status as the server says it, red where something failed. */
export function StatusBadge({ run }: { run: Pick<TrainingRun, "status" | "errorMessage"> }) {
  return <Badge tone={outcomeTone(run)}>{outcomeText(run)}</Badge>;
}

/** A bar with steps; before the first one what the server says it is doing. */
export function RunProgress({ run }: { run: TrainingRun }) {
  const fraction = runFraction(run);
  const steps = stepText(run);
  if (!run.active && (fraction === null || fraction === 1)) {
    return <span className="text-xs text-quiet">{steps}</span>;
  }
  return (
    <span className="block space-y-1">
      {(fraction !== null || run.status === "running") && (
        <ProgressBar label={`Progress of run ${run.runId}`} fraction={fraction} paused={!run.active} />
      )}
      <span className="block truncate text-xs text-faint">{steps || run.daemonState}</span>
    </span>
  );
}

function Result({ run }: { run: TrainingRun }) {
  const text = resultText(run);
  if (run.inUse) {
    return (
      <span className="inline-flex shrink-0 items-center gap-1 text-xs font-medium text-ok">
        <Icon name="check" className="size-3.5" />
        {text}
      </span>
    );
  }
  return <span className="shrink-0 truncate text-xs text-faint">{text}</span>;
}

function errorLook(run: TrainingRun): string {
  return isFailed(run) ? "text-danger" : "text-quiet";
}

function timeLeft(run: TrainingRun): string {
  return run.active && run.secondsLeft !== null ? roughDuration(run.secondsLeft) : "";
}
