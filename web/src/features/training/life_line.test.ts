import { describe, expect, it } from "vitest";
import { lifeLine, ranFor } from "./life_line.ts";
import { aRun } from "./sample_runs.ts";

const places = (run: Parameters<typeof lifeLine>[0]): string[] =>
  lifeLine(run).map((step) => `${step.status} ${step.place}`);

describe("lifeLine", () => {
  it("shows what was, what is and what comes", () => {
    const run = aRun({ status: "running", created: 1000, approved: 2000, started: 3000 });
    expect(places(run)).toEqual([
      "waiting_for_approval past",
      "approved past",
      "booting past",
      "running now",
      "done ahead",
      "downloaded ahead",
    ]);
    expect(lifeLine(run).map((step) => step.time)).toEqual([1000, 2000, 0, 3000, 0, 0]);
  });

  it("leaves out what a run that failed early never came to", () => {
    const run = aRun({
      status: "done",
      errorMessage: "no such branch",
      created: 1,
      approved: 2,
      finished: 9,
    });
    expect(places(run)).toContain("booting past");
    expect(places(run)).toContain("running skipped");
    const cancelled = aRun({ status: "done", errorMessage: "cancelled", created: 1, finished: 9 });
    expect(places(cancelled).slice(0, 5)).toEqual([
      "waiting_for_approval past",
      "approved skipped",
      "booting skipped",
      "running skipped",
      "done now",
    ]);
  });

  it("ends early for a rejected run", () => {
    expect(places(aRun({ status: "rejected" }))).toEqual(["waiting_for_approval past", "rejected now"]);
  });

  it("gives a state that is not known here its place", () => {
    const run = aRun({ status: "preempted", active: true, created: 1, approved: 2, started: 3, updated: 8 });
    expect(places(run)).toEqual([
      "waiting_for_approval past",
      "approved past",
      "booting past",
      "running past",
      "preempted now",
      "done ahead",
      "downloaded ahead",
    ]);
    expect(places(aRun({ status: "", active: false }))).toEqual(["unknown now"]);
  });
});

describe("ranFor", () => {
  it("counts while it runs and stops with it", () => {
    expect(ranFor(aRun({ status: "running", active: true, started: 1000 }), 61_000)).toBe(60);
    expect(ranFor(aRun({ status: "done", active: false, started: 1000, finished: 31_000 }), 99_000)).toBe(30);
    expect(ranFor(aRun({ status: "booting", active: true }), 99_000)).toBeNull();
  });
});
