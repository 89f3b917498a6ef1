import { useMemo, useState } from "react";
import { RouteLink } from "@/route/route_link.tsx";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectRuns, selectSkill } from "@/state/selectors.ts";
import type { TrainingRun } from "@/ros/training.ts";
import { BackBar } from "@/ui/back_bar.tsx";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Empty, Loading } from "@/ui/empty.tsx";
import { groupCurves } from "./curve_scale.ts";
import { Curves } from "./curves.tsx";
import { fieldsOf } from "./fields.ts";
import { ranFor } from "./life_line.ts";
import type { Pair } from "./params.ts";
import { GROUPS, pairsOf, paramsOf, presetName } from "./params.ts";
import { Section } from "./run_page.tsx";
import { StatusBadge } from "./run_row.tsx";
import { lossText } from "./run_words.ts";
import { roughDuration } from "./times.ts";
import { useDefaults } from "./use_defaults.ts";

interface RunKey {
  readonly skill: string;
  readonly runId: number;
}

/** Two runs side by side: their values and both curves. */
export function ComparePage({ first, second, back }: { first: RunKey; second: RunKey; back: string | null }) {
  const nameA = usePanel(selectSkill(first.skill))?.displayName ?? first.skill;
  const nameB = usePanel(selectSkill(second.skill))?.displayName ?? second.skill;
  const a = useRun(first);
  const b = useRun(second);
  const problem = a.problem ?? b.problem;
  const sameSkill = first.skill === second.skill;
  const labelA = sameSkill ? `Run ${first.runId}` : `${nameA} run ${first.runId}`;
  const labelB = sameSkill ? `Run ${second.runId}` : `${nameB} run ${second.runId}`;
  const groups = useMemo(
    () =>
      groupCurves([
        { name: labelA, curves: a.curves },
        { name: labelB, curves: b.curves },
      ]),
    [labelA, labelB, a.curves, b.curves],
  );
  return (
    <>
      <BackBar to={{ tab: "training", skill: back }}>Runs</BackBar>
      <header className="border-b border-line px-4 py-3 md:px-6">
        <h1 className="truncate text-xl font-semibold tracking-tight">
          {nameA}{" "}
          <span className="font-normal text-faint">
            run {first.runId} and {sameSkill ? "" : `${nameB} run `}
            {second.runId}
          </span>
        </h1>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-4 md:px-6 md:py-5">
        <div className="max-w-5xl space-y-6">
          {problem && <Notice tone="warn">{problem}</Notice>}
          {a.run && b.run ? (
            <>
              {groups.length > 0 && (
                <Section label="Curves">
                  <Curves groups={groups} />
                </Section>
              )}
              <Section label="Values">
                <Values a={a.run} b={b.run} labels={[labelA, labelB]} />
              </Section>
            </>
          ) : problem ? (
            <Empty icon="compare" title="These runs can’t be compared" />
          ) : (
            <Loading label="Asking for both runs…" />
          )}
        </div>
      </div>
    </>
  );
}

const NO_CURVES = [] as const;

function useRun({ skill, runId }: RunKey) {
  const commands = useCommands();
  const listed = usePanel((state) =>
    selectRuns(state).find((run) => run.skill === skill && run.runId === runId),
  );
  const version = listed ? `${listed.status} ${listed.step}` : "";
  const { value, problem } = useAnswer(`${skill} ${runId}`, version, () => commands.getRun(skill, runId));
  return { run: listed ?? value?.run, curves: value?.curves ?? NO_CURVES, problem };
}

function Values({ a, b, labels }: { a: TrainingRun; b: TrainingRun; labels: readonly string[] }) {
  const { value: defaults } = useDefaults();
  const [all, setAll] = useState(false);
  const pairs = useMemo(() => {
    const params = (run: TrainingRun) =>
      paramsOf(run.paramsJson, fieldsOf(defaults, presetName(run.paramsJson)));
    return pairsOf(params(a), params(b));
  }, [a, b, defaults]);
  const shown = all ? pairs : pairs.filter((pair) => pair.differ);
  return (
    <div className="space-y-3">
      <table className="w-full table-fixed border-collapse text-left">
        <thead>
          <tr className="border-b border-line align-bottom">
            <td className="w-1/3" />
            {[a, b].map((run, index) => (
              <th key={index} scope="col" className="pr-2 font-semibold wrap-anywhere">
                <RouteLink
                  to={{ tab: "training", skill: run.skill, run: run.runId }}
                  className="inline-flex min-h-11 min-w-11 items-center text-accent hover:underline md:min-h-8"
                >
                  {labels[index]}
                </RouteLink>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr className="border-b border-line">
            <RowHead>Status</RowHead>
            {[a, b].map((run, index) => (
              <td key={index} className="py-1.5 pr-2">
                <StatusBadge run={run} />
              </td>
            ))}
          </tr>
          <FactRow label="Preset" a={presetName(a.paramsJson)} b={presetName(b.paramsJson)} />
          <FactRow label="Last loss" a={lastLoss(a)} b={lastLoss(b)} />
          <FactRow label="Steps" a={a.step.toLocaleString("en")} b={b.step.toLocaleString("en")} />
          <FactRow label="Ran for" a={ranText(a)} b={ranText(b)} />
        </tbody>
        {GROUPS.map(({ group, label }) => {
          const rows = shown.filter((pair) => pair.group === group);
          return rows.length > 0 && <PairRows key={group} label={label} rows={rows} />;
        })}
      </table>
      {shown.length === 0 && <p className="text-quiet">Both were asked for with the same values.</p>}
      <Button look="quiet" className="-ml-3" aria-pressed={all} onClick={() => setAll(!all)}>
        {all ? "Show differing values only" : "Show all values"}
      </Button>
    </div>
  );
}

function PairRows({ label, rows }: { label: string; rows: readonly Pair[] }) {
  return (
    <tbody>
      <tr>
        <th scope="colgroup" colSpan={3} className="eyebrow pt-3 pb-0.5">
          {label}
        </th>
      </tr>
      {rows.map((pair) => (
        <FactRow
          key={pair.path}
          label={pair.label}
          a={pair.first}
          b={pair.second}
          differ={pair.differ}
          path={pair.path}
        />
      ))}
    </tbody>
  );
}

function FactRow({
  label,
  a,
  b,
  differ = false,
  path,
}: {
  label: string;
  a: string;
  b: string;
  differ?: boolean;
  path?: string;
}) {
  return (
    <tr data-pair={path} data-differ={differ} className="border-b border-line align-top">
      <RowHead>{label}</RowHead>
      {[a, b].map((text, index) => (
        <td key={index} className={`py-1.5 pr-2 wrap-anywhere ${differ ? "font-medium text-accent" : ""}`}>
          {text || "–"}
        </td>
      ))}
    </tr>
  );
}

function RowHead({ children }: { children: string }) {
  return (
    <th scope="row" className="py-1.5 pr-2 font-normal wrap-anywhere text-quiet">
      {children}
    </th>
  );
}

function lastLoss(run: TrainingRun): string {
  return run.loss === null ? "" : lossText(run.loss);
}

function ranText(run: TrainingRun): string {
  const seconds = ranFor(run, run.updated || run.started);
  return seconds === null ? "" : roughDuration(seconds);
}
