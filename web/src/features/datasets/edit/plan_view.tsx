import type { EditPlan, PlanProblem } from "@/ros/editing.ts";
import { formatBytes, formatCount, formatRate } from "@/text/numbers.ts";
import { formatDuration } from "@/text/time.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Loading } from "@/ui/empty.tsx";
import { rangeText, runs } from "./origins.ts";
import type { Planned } from "./use_plan.ts";

const MOST_RUNS = 100;

/** What an edit would do, before anything is touched. */
export function PlanView({ planned, nothing }: { planned: Planned; nothing: string }) {
  const { plan, current, problem } = planned;
  if (problem) {
    return (
      <Notice tone="danger" actions={<Button onClick={planned.again}>Try again</Button>}>
        {problem.message}
      </Notice>
    );
  }
  if (!plan) return nothing ? <p className="text-quiet">{nothing}</p> : <Loading label="Planning…" />;
  return (
    <section
      aria-label="Plan"
      aria-busy={!current}
      className={`space-y-3 transition-opacity ${current ? "" : "opacity-50"}`}
    >
      <PlanProblems problems={plan.problems} />
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-lg bg-sunken px-3 py-2.5 sm:grid-cols-3">
        <Fact label="Episodes">{plan.origins.length.toLocaleString("en")}</Fact>
        <Fact label="Frames">{plan.frames.toLocaleString("en")}</Fact>
        <Fact label="Format">{[plan.format, formatRate(plan.rate)].filter(Boolean).join(", ")}</Fact>
        <Fact label="Written anew">{formatBytes(plan.bytesToWrite)}</Fact>
        <Fact label="Shared with the source">{formatBytes(plan.bytesShared)}</Fact>
        <Fact label="Free on the disk">{formatBytes(plan.bytesFree)}</Fact>
        <Fact label="Takes about">{plan.seconds < 1 ? "a moment" : formatDuration(plan.seconds)}</Fact>
        <Fact label="Cameras" wide>
          {plan.cameras.join(", ") || "none"}
        </Fact>
      </dl>
      {plan.bytesToWrite > plan.bytesFree && (
        <Notice tone="danger" title="The disk has too little room">
          Free at least {formatBytes(plan.bytesToWrite - plan.bytesFree)} and try again.
        </Notice>
      )}
      <Episodes plan={plan} />
    </section>
  );
}

function Fact({ label, children, wide = false }: { label: string; children: string; wide?: boolean }) {
  return (
    <div className={wide ? "col-span-full sm:col-span-2" : ""}>
      <dt className="text-2xs text-faint">{label}</dt>
      <dd className="truncate font-medium" title={children}>
        {children}
      </dd>
    </div>
  );
}

/** Each with what to do; those that stand in the way first. */
function PlanProblems({ problems }: { problems: readonly PlanProblem[] }) {
  const blocking = problems.filter((problem) => problem.blocks);
  const others = problems.filter((problem) => !problem.blocks);
  return (
    <>
      {blocking.length > 0 && (
        <Notice tone="danger" title="This can't be done yet">
          <ProblemList problems={blocking} />
        </Notice>
      )}
      {others.length > 0 && (
        <Notice tone="warn" title="Worth knowing">
          <ProblemList problems={others} />
        </Notice>
      )}
    </>
  );
}

function ProblemList({ problems }: { problems: readonly PlanProblem[] }) {
  return (
    <ul className="max-h-48 space-y-1.5 overflow-y-auto">
      {problems.map((problem, row) => (
        <li key={row}>
          {problem.message}
          {problem.remedy && <span className="block text-quiet">{problem.remedy}</span>}
        </li>
      ))}
    </ul>
  );
}

function Episodes({ plan }: { plan: EditPlan }) {
  const all = runs(plan.origins);
  const several = plan.sources.length > 1;
  return (
    <details className="rounded-lg border border-line px-3 py-1.5">
      <summary className="cursor-pointer py-1 text-quiet hover:text-ink">
        {formatCount(plan.origins.length, "episode")} of the result: where each comes from
      </summary>
      <table className="mt-1 w-full text-left text-xs">
        <thead className="text-faint">
          <tr>
            {several && <th className="py-1 pr-4 font-normal">Dataset</th>}
            <th className="py-1 pr-4 font-normal">Episode</th>
            <th className="py-1 font-normal">becomes</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, MOST_RUNS).map((run) => (
            <tr key={run.becomes} className="border-t border-line">
              {several && <td className="max-w-40 truncate py-1 pr-4">{run.skill}</td>}
              <td className="py-1 pr-4">{rangeText(run.first, run.last - run.first + 1)}</td>
              <td className="py-1">{rangeText(run.becomes, run.last - run.first + 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > MOST_RUNS && <p className="py-1 text-xs text-faint">and {all.length - MOST_RUNS} more</p>}
    </details>
  );
}
