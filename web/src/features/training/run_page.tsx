import { useMemo } from "react";
import type { ReactNode } from "react";
import type { Curve, TrainingRun } from "@/ros/training.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectFeature, selectRuns, selectSkill } from "@/state/selectors.ts";
import { BackBar } from "@/ui/back_bar.tsx";
import { Badge, Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Awaited } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { ProgressBar } from "@/ui/progress.tsx";
import { groupCurves } from "./curve_scale.ts";
import { Curves } from "./curves.tsx";
import { fieldsOf } from "./fields.ts";
import { LifeLine } from "./life_line_view.tsx";
import { paramsOf, presetName } from "./params.ts";
import { ParamsView } from "./params_view.tsx";
import { RunActions } from "./run_actions.tsx";
import { RunLogView } from "./run_log.tsx";
import { StatusBadge } from "./run_row.tsx";
import { isCancelled, isFailed, lossText, resultText, runFraction, stepText } from "./run_words.ts";
import { roughDuration, timeText } from "./times.ts";
import { useDefaults } from "./use_defaults.ts";

/** Everything about one run, as it goes on. Mounted anew for another run. */
export function RunPage({ skill, runId, back }: { skill: string; runId: number; back: string | null }) {
  const commands = useCommands();
  const listed = usePanel((state) =>
    selectRuns(state).find((run) => run.skill === skill && run.runId === runId),
  );
  const version = listed ? `${listed.status} ${listed.step} ${listed.finished} ${listed.updated}` : "";
  const { value, problem, again } = useAnswer(`${skill} ${runId}`, version, () =>
    commands.getRun(skill, runId),
  );
  const run = listed ?? value?.run;

  if (!run) {
    return (
      <>
        <BackBar to={{ tab: "training", skill: back }}>Runs</BackBar>
        <Awaited
          icon="training"
          label="Asking for the run…"
          problem={problem}
          title={`Run ${runId} can’t be shown`}
          again={() => void commands.refreshRuns(skill).finally(again)}
        />
      </>
    );
  }
  return (
    <>
      <BackBar to={{ tab: "training", skill: back }}>Runs</BackBar>
      <Header run={run} />
      <RunActions run={run} />
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-4 md:px-6 md:py-5">
        <div className="mx-auto flex max-w-6xl flex-col gap-6 xl:gap-10 xl:flex-row xl:items-start">
          <div className="min-w-0 flex-1 space-y-6">
            {run.errorMessage && !isCancelled(run) && (
              <Notice
                tone={isFailed(run) ? "danger" : "neutral"}
                title={isFailed(run) ? "It failed" : "It was rejected"}
              >
                <p className="whitespace-pre-wrap">{run.errorMessage}</p>
              </Notice>
            )}
            <LifeLine run={run} />
            <Progress run={run} />
            <CurveSection run={run} curves={value?.curves ?? null} problem={problem} again={again} />
            <LogSection run={run} />
          </div>
          <aside aria-label="About this run" className="shrink-0 space-y-6 xl:w-72 2xl:w-80">
            <Facts run={run} />
            <Params run={run} />
          </aside>
        </div>
      </div>
    </>
  );
}

function Header({ run }: { run: TrainingRun }) {
  const name = usePanel(selectSkill(run.skill))?.displayName ?? run.skill;
  return (
    <header className="flex items-center gap-3 px-4 pt-3 pb-1 max-md:border-b max-md:border-line max-md:pb-3 md:px-6">
      <div className="min-w-0 flex-1">
        <div className="flex items-center gap-2">
          <h1 className="truncate text-xl font-semibold tracking-tight">
            {name} <span className="font-normal text-faint">run {run.runId}</span>
          </h1>
          <StatusBadge run={run} />
          {run.inUse && <Badge tone="ok">in use</Badge>}
        </div>
      </div>
      <RouteLink
        to={{ tab: "datasets", skill: run.skill }}
        className="inline-flex h-11 min-w-11 items-center justify-center gap-1.5 rounded-md px-2.5 font-medium text-quiet hover:bg-hover hover:text-ink md:h-8"
      >
        <Icon name="film" />
        <span className="max-sm:sr-only">Recordings</span>
      </RouteLink>
    </header>
  );
}

function Progress({ run }: { run: TrainingRun }) {
  const fraction = runFraction(run);
  const steps = stepText(run);
  const facts = [
    run.loss === null ? "" : `loss ${lossText(run.loss)}`,
    run.active && run.secondsLeft !== null ? `${roughDuration(run.secondsLeft)} left` : "",
  ].filter(Boolean);
  if (!steps && !run.daemonState) return null;
  return (
    <Section label="Progress">
      {(run.active ? fraction !== null || run.status === "running" : fraction !== null && fraction < 1) && (
        <ProgressBar label="Progress" fraction={fraction} paused={!run.active} className="mb-1.5 h-2!" />
      )}
      <p className="flex flex-wrap gap-x-3">
        {steps && <span className="font-medium">{steps}</span>}
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        {run.daemonState && <span className="min-w-0 wrap-anywhere text-quiet">{run.daemonState}</span>}
      </p>
    </Section>
  );
}

function CurveSection({
  run,
  curves,
  problem,
  again,
}: {
  run: TrainingRun;
  curves: readonly Curve[] | null;
  problem: string | null;
  again: () => void;
}) {
  const offered = usePanel(selectFeature("metrics"));
  const groups = useMemo(() => groupCurves([{ name: "", curves: curves ?? [] }]), [curves]);
  if (groups.length > 0) {
    return (
      <Section label="Curves">
        <Curves groups={groups} />
      </Section>
    );
  }
  if (problem) {
    return (
      <Notice
        tone="warn"
        title="The curves can’t be shown"
        actions={<Button onClick={again}>Try again</Button>}
      >
        {problem}
      </Notice>
    );
  }
  if (!offered || !run.active) return null;
  return (
    <Section label="Curves">
      <p className="text-faint">They appear with the first steps.</p>
    </Section>
  );
}

function LogSection({ run }: { run: TrainingRun }) {
  const offered = usePanel(selectFeature("logs"));
  if (!offered) {
    return (
      <Section label="Log of the run">
        <p className="text-faint">This training server shows no logs.</p>
      </Section>
    );
  }
  return (
    <Section label="Log of the run">
      <RunLogView skill={run.skill} runId={run.runId} />
    </Section>
  );
}

function Facts({ run }: { run: TrainingRun }) {
  const server = usePanel((state) => state.runList?.server ?? "");
  const facts: readonly (readonly [string, string])[] = [
    ["Training server", server],
    ["Machine", run.instanceType],
    ["Address", run.instanceIp],
    ["Commit", run.commit],
    ["Results", resultText(run)],
    ["Last news", run.updated ? timeText(run.updated) : ""],
  ];
  return (
    <Section label="Where it runs">
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2 xl:grid-cols-1">
        {facts.map(
          ([term, text]) =>
            text && (
              <div key={term} className="min-w-0">
                <dt className="eyebrow">{term}</dt>
                <dd className={`wrap-anywhere ${term === "Commit" ? "font-mono text-xs" : ""}`}>{text}</dd>
              </div>
            ),
        )}
      </dl>
    </Section>
  );
}

function Params({ run }: { run: TrainingRun }) {
  const { value: defaults } = useDefaults();
  const name = presetName(run.paramsJson);
  const params = useMemo(
    () => paramsOf(run.paramsJson, fieldsOf(defaults, name)),
    [run.paramsJson, defaults, name],
  );
  return (
    <Section label="Parameters">
      <ParamsView params={params} preset={name} />
    </Section>
  );
}

export function Section({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section aria-label={label}>
      <h2 className="mb-2 font-semibold">{label}</h2>
      {children}
    </section>
  );
}
