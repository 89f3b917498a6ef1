import type { TrainingRun } from "@/ros/training.ts";
import type { Tone } from "@/ui/badge.tsx";

const TONES: Readonly<Record<string, Tone>> = {
  waiting_for_approval: "warn",
  approved: "accent",
  booting: "accent",
  running: "accent",
  done: "ok",
  downloaded: "ok",
  rejected: "neutral",
};

/** `waiting for approval`; what is not known here as the server says it. */
export function statusText(status: string): string {
  return status.replaceAll("_", " ") || "unknown";
}

type Outcome = Pick<TrainingRun, "status" | "errorMessage">;

/** A failure may stand beside any status; of a rejected run the message says why it was. */
export function isFailed(run: Outcome): boolean {
  return run.errorMessage !== "" && run.status !== "rejected" && !isCancelled(run);
}

/** Nothing failed: a person wanted it so. Only a training server of one's own can do that, and says it so. */
export function isCancelled(run: Pick<TrainingRun, "errorMessage">): boolean {
  return run.errorMessage === "Cancelled.";
}

/** How a run stands: one that ended as it should not is called by that. */
export function outcomeText(run: Outcome): string {
  const ended = run.status === "done" || run.status === "downloaded";
  if (ended && isFailed(run)) return "failed";
  return ended && isCancelled(run) ? "cancelled" : statusText(run.status);
}

export function outcomeTone(run: Outcome): Tone {
  if (isFailed(run)) return "danger";
  return isCancelled(run) ? "neutral" : (TONES[run.status] ?? "neutral");
}

/** What is to be seen of a run's results on the robot. */
export function resultText(run: TrainingRun): string {
  if (run.inUse) return "in use";
  switch (run.localState) {
    case "whole":
      return "on the robot";
    case "partial":
      return "partly on the robot";
    case "unknown":
      return "files on the robot";
    case "absent":
      return run.status === "done" || run.status === "downloaded" ? "not downloaded" : "";
  }
}

/** 0 to 1; null where nobody knows. */
export function runFraction(run: TrainingRun): number | null {
  return run.totalSteps > 0 ? Math.min(1, run.step / run.totalSteps) : null;
}

/** `2,000 of 5,000 steps`; "" where nobody knows. */
export function stepText(run: TrainingRun): string {
  if (run.step === 0 && run.totalSteps === 0) return "";
  const step = run.step.toLocaleString("en");
  return run.totalSteps > 0 ? `${step} of ${run.totalSteps.toLocaleString("en")} steps` : `${step} steps`;
}

/** Where it runs, as far as it is known. */
export function placeText(run: TrainingRun): string {
  return [run.instanceType, run.instanceIp].filter(Boolean).join(" · ");
}

/** Whether there can be results to fetch. */
export function hasResults(run: TrainingRun): boolean {
  return run.status === "done" || run.status === "downloaded";
}

/** A loss with four significant digits, however small it is: `0.1234`, `2.5e-4`. */
export function lossText(loss: number): string {
  if (!Number.isFinite(loss)) return "–";
  const rounded = Number(loss.toPrecision(4));
  const small = rounded !== 0 && Math.abs(rounded) < 1e-3;
  return small || Math.abs(rounded) >= 1e6 ? rounded.toExponential() : String(rounded);
}
