import type { TrainingRun } from "@/ros/training.ts";
import { Icon } from "@/ui/icons.tsx";
import { useNow } from "@/ui/now.ts";
import type { LifeStep } from "./life_line.ts";
import { lifeLine, ranFor } from "./life_line.ts";
import { isFailed, outcomeText, statusText } from "./run_words.ts";
import { roughDuration, timeText } from "./times.ts";

/** A run's states, those it was in with their times, the one it is in, and those that may come. */
export function LifeLine({ run }: { run: TrainingRun }) {
  const now = useNow(run.active ? 1000 : 60_000);
  const steps = lifeLine(run).filter((step) => step.place !== "skipped");
  const ran = ranFor(run, Math.max(now, run.started));
  const wrong = wrongStep(run);
  return (
    <ol aria-label="Life line" className="grid gap-x-1 max-md:gap-y-0 md:auto-cols-auto md:grid-flow-col">
      {steps.map((step, index) => (
        <li
          key={step.status}
          data-step={step.status}
          data-place={step.place}
          aria-current={step.place === "now" ? "step" : undefined}
          className="relative flex gap-3 max-md:min-h-8 md:flex-col md:gap-1.5"
        >
          <Link to={steps[index + 1]} />
          <Dot step={step} wrong={step.status === wrong} failed={isFailed(run)} active={run.active} />
          <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 md:flex-col md:items-start">
            <span
              className={
                (step.place === "now" ? "font-semibold" : step.place === "ahead" ? "text-faint" : "") +
                (step.status === wrong && isFailed(run) ? " text-danger" : "")
              }
            >
              {step.status === wrong ? outcomeText({ ...run, status: wrong }) : statusText(step.status)}
            </span>
            <span
              className="text-xs text-faint"
              title={step.time ? new Date(step.time).toLocaleString() : ""}
            >
              {step.time > 0 && timeText(step.time, now)}
              {step.status === "running" && ran !== null && ` · ${roughDuration(ran)}`}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The state in which it came to nothing; what was made before can still be downloaded. */
function wrongStep(run: TrainingRun): string | null {
  if (run.errorMessage === "" && run.status !== "rejected") return null;
  return run.status === "downloaded" ? "done" : run.status;
}

function Dot({
  step,
  wrong,
  failed,
  active,
}: {
  step: LifeStep;
  wrong: boolean;
  failed: boolean;
  active: boolean;
}) {
  const base = "z-10 grid size-5 shrink-0 place-items-center rounded-full";
  if (step.place === "ahead") return <span className={`${base} border-2 border-line bg-surface`} />;
  if (wrong) {
    return (
      <span className={`${base} ${failed ? "bg-danger-soft text-danger" : "bg-sunken text-quiet"}`}>
        <Icon name="close" className="size-3" />
      </span>
    );
  }
  if (step.place === "past") {
    return (
      <span className={`${base} bg-accent-soft text-accent`}>
        <Icon name="check" className="size-3" />
      </span>
    );
  }
  if (!active) {
    return (
      <span className={`${base} bg-ok-soft text-ok`}>
        <Icon name="check" className="size-3" />
      </span>
    );
  }
  return (
    <span className={`${base} bg-accent-soft`}>
      <span className="size-2 animate-pulse rounded-full bg-accent" />
    </span>
  );
}

/** The line to the next state. */
function Link({ to }: { to: LifeStep | undefined }) {
  if (!to) return null;
  const colour = to.place === "ahead" ? "bg-line" : "bg-accent/40";
  return (
    <span
      aria-hidden="true"
      className={`absolute ${colour} max-md:top-5 max-md:bottom-0 max-md:left-[9px] max-md:w-0.5 md:top-[9px] md:right-0 md:left-6 md:h-0.5`}
    />
  );
}
