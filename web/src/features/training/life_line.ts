import type { TrainingRun } from "@/ros/training.ts";

/** Where a run is on its way. */
export interface LifeStep {
  /** As the server says it. */
  readonly status: string;
  /** Milliseconds; 0 where nobody noted it. */
  readonly time: number;
  /** "skipped": the run ended before it came to that. */
  readonly place: "past" | "now" | "ahead" | "skipped";
}

interface Known {
  readonly status: string;
  readonly time: (run: TrainingRun) => number;
}

const WAY: readonly Known[] = [
  { status: "waiting_for_approval", time: (run) => run.created },
  { status: "approved", time: (run) => run.approved },
  { status: "booting", time: () => 0 },
  { status: "running", time: (run) => run.started },
  { status: "done", time: (run) => run.finished },
  { status: "downloaded", time: () => 0 },
];

/** All states of a run's life in order, with the one it is in; a state that is not known here has its place, too. */
export function lifeLine(run: TrainingRun): readonly LifeStep[] {
  if (run.status === "rejected") {
    return [
      { status: "waiting_for_approval", time: run.created, place: "past" },
      { status: "rejected", time: run.finished || run.updated, place: "now" },
    ];
  }
  const at = WAY.findIndex((known) => known.status === run.status);
  if (at < 0) return withUnknown(run);
  return WAY.map((known, index) => ({
    status: known.status,
    time: known.time(run),
    place: index === at ? "now" : index > at ? "ahead" : wasThere(run, index) ? "past" : "skipped",
  }));
}

/** What is not known here stands after the last state that has a time. */
function withUnknown(run: TrainingRun): readonly LifeStep[] {
  const last = WAY.reduce((found, known, index) => (known.time(run) > 0 ? index : found), -1);
  const steps = WAY.map((known, index): LifeStep => {
    const place = index > last ? "ahead" : wasThere(run, index) ? "past" : "skipped";
    return { status: known.status, time: known.time(run), place };
  });
  const now: LifeStep = { status: run.status || "unknown", time: run.updated, place: "now" };
  return [...steps.slice(0, last + 1), now, ...(run.active ? steps.slice(last + 1) : [])];
}

/** Whether a run that is past that state by its order was ever in it: one that failed early was not. */
function wasThere(run: TrainingRun, index: number): boolean {
  switch (WAY[index]?.status) {
    case "approved":
      return run.approved > 0 || run.started > 0;
    case "booting":
      return run.started > 0 || (run.approved > 0 && run.finished > 0);
    case "running":
      return run.started > 0;
    default:
      return true;
  }
}

/** Seconds that the run has been running, or ran; null where it never did. */
export function ranFor(run: TrainingRun, now: number): number | null {
  if (run.started === 0) return null;
  if (!run.active && run.finished === 0) return null;
  return Math.max(0, ((run.active ? now : run.finished) - run.started) / 1000);
}
