import { describe, expect, it } from "vitest";
import { filterRuns } from "./filter_runs.ts";
import {
  lossText,
  outcomeText,
  outcomeTone,
  resultText,
  runFraction,
  statusText,
  stepText,
} from "./run_words.ts";
import { aRun } from "./sample_runs.ts";

describe("a run in words", () => {
  it("shows a status that is not known here as it is", () => {
    expect(statusText("waiting_for_approval")).toBe("waiting for approval");
    expect(statusText("Preempted")).toBe("Preempted");
    expect(statusText("")).toBe("unknown");
    expect(outcomeTone(aRun({ status: "Preempted" }))).toBe("neutral");
  });
  it("shows a failure whatever the status", () => {
    for (const status of ["done", "running", "new one"]) {
      expect(outcomeTone(aRun({ status, errorMessage: "out of memory" }))).toBe("danger");
    }
    expect(outcomeText(aRun({ status: "downloaded", errorMessage: "out of memory" }))).toBe("failed");
    expect(outcomeText(aRun({ status: "running", errorMessage: "out of memory" }))).toBe("running");
  });
  it("calls what a person cancelled no failure", () => {
    const run = aRun({ status: "downloaded", errorMessage: "Cancelled." });
    expect([outcomeText(run), outcomeTone(run)]).toEqual(["cancelled", "neutral"]);
  });
  it("says how far it is, as far as that is known", () => {
    expect(stepText(aRun({ step: 2000, totalSteps: 5000 }))).toBe("2,000 of 5,000 steps");
    expect(stepText(aRun({ step: 12 }))).toBe("12 steps");
    expect(stepText(aRun())).toBe("");
    expect(runFraction(aRun({ step: 7000, totalSteps: 5000 }))).toBe(1);
    expect(runFraction(aRun({ step: 12 }))).toBeNull();
  });
  it("says where its results are", () => {
    expect(resultText(aRun({ status: "done", localState: "absent" }))).toBe("not downloaded");
    expect(resultText(aRun({ status: "running", localState: "absent" }))).toBe("");
    expect(resultText(aRun({ localState: "whole" }))).toBe("on the robot");
    expect(resultText(aRun({ localState: "whole", inUse: true }))).toBe("in use");
  });
});

describe("lossText", () => {
  it.each([
    [0.12345, "0.1235"],
    [0.00025, "2.5e-4"],
    [12.3, "12.3"],
    [0, "0"],
    [3.5e7, "3.5e+7"],
    [Number.NaN, "–"],
  ])("%d is %s", (loss, text) => {
    expect(lossText(loss)).toBe(text);
  });
});

describe("filterRuns", () => {
  const runs = [aRun({ skill: "a", active: true }), aRun({ skill: "b" }), aRun({ skill: "a" })];
  it("keeps the order, and the list itself where nothing is filtered", () => {
    expect(filterRuns(runs, null, false)).toBe(runs);
    expect(filterRuns(runs, "a", false)).toEqual([runs[0], runs[2]]);
    expect(filterRuns(runs, "a", true)).toEqual([runs[0]]);
    expect(filterRuns(runs, null, true)).toEqual([runs[0]]);
  });
});
