import type { ReactNode } from "react";
import type { EditPlan, PlanProblem } from "@/ros/editing.ts";
import { formatBytes, formatRate } from "@/text/numbers.ts";
import { formatDuration } from "@/text/time.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Loading } from "@/ui/empty.tsx";
import { rangeText, runs } from "./origins.ts";
import type { Planned } from "./use_plan.ts";

const MOST_RUNS = 100;

/** What stands in the way of an edit, and what is worth knowing: each with what to do. */
export function PlanTroubles({
  planned,
  settle,
}: {
  planned: Planned;
  /** What settles that which stands in the way; right below it. */
  settle: ReactNode;
}) {
  const { plan, current, problem } = planned;
  if (problem) {
    return (
      <>
        <Notice tone="danger" actions={<Button onClick={planned.again}>Try again</Button>}>
          {problem.message}
        </Notice>
        {settle}
      </>
    );
  }
  if (!plan) return settle;
  const blocking = plan.problems.filter((one) => one.blocks);
  const others = plan.problems.filter((one) => !one.blocks);
  const short = plan.bytesToWrite - plan.bytesFree;
  const dimmed = current ? "" : "opacity-50";
  return (
    <>
      <div className={`space-y-2 transition-opacity empty:hidden ${dimmed}`}>
        {blocking.length > 0 && (
          <Notice tone="danger" title="This stands in the way">
            <ProblemList problems={blocking} />
          </Notice>
        )}
        {short > 0 && (
          <Notice tone="danger" title="The disk has too little room">
            Free at least {formatBytes(short)} and try again.
          </Notice>
        )}
      </div>
      {settle}
      {others.length > 0 && (
        <div className={`transition-opacity ${dimmed}`}>
          <Notice tone="warn" title="Worth knowing">
            <ProblemList problems={others} />
          </Notice>
        </div>
      )}
    </>
  );
}

/** What an edit would make, before anything is touched. */
export function PlanView({
  planned,
  nothing,
  inPlace,
}: {
  planned: Planned;
  /** What stands here as long as nothing can be planned; "": the plan is on its way. */
  nothing: string;
  /** The skill itself is changed. */
  inPlace: boolean;
}) {
  const { plan, current } = planned;
  if (!plan) {
    if (planned.problem) return null;
    return nothing ? <p className="text-quiet">{nothing}</p> : <Loading label="Planning…" />;
  }
  const shared = inPlace
    ? "Stays as it is"
    : `Shared with the ${plan.sources.length > 1 ? "sources" : "source"}`;
  return (
    <section
      aria-label="Plan"
      aria-busy={!current}
      className={`space-y-2 transition-opacity ${current ? "" : "opacity-50"}`}
    >
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-lg bg-sunken px-3 py-2.5 sm:grid-cols-3">
        <Fact label="Episodes">{plan.origins.length.toLocaleString("en")}</Fact>
        <Fact label="Frames">{plan.frames.toLocaleString("en")}</Fact>
        <Fact label="Format">{[plan.format, formatRate(plan.rate)].filter(Boolean).join(", ")}</Fact>
        <Fact label="Written anew">{formatBytes(plan.bytesToWrite)}</Fact>
        <Fact label={shared}>{formatBytes(plan.bytesShared)}</Fact>
        <Fact label="Free on the disk">{formatBytes(plan.bytesFree)}</Fact>
        <Fact label="Takes about">{plan.seconds < 1 ? "a moment" : formatDuration(plan.seconds)}</Fact>
        <Fact label="Cameras" wide>
          {plan.cameras.join(", ") || "none"}
        </Fact>
      </dl>
      {!inPlace && <Episodes plan={plan} />}
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
      <summary className="cursor-pointer py-3 md:py-1 text-quiet hover:text-ink">
        Where {plan.origins.length === 1 ? "its episode comes" : "its episodes come"} from
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
