import { renderToStaticMarkup } from "react-dom/server";
import type { ReactNode } from "react";
import { describe, expect, it, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import type { Commands } from "@/ros/commands.ts";
import type { RunList } from "@/ros/training.ts";
import { readRunList } from "@/ros/training.ts";
import { PanelProvider } from "@/state/panel.tsx";
import { createPanelStore } from "@/state/store.ts";
import { aRun } from "./sample_runs.ts";

// Links go through the browser's address bar.
vi.stubGlobal("window", { location: { hash: "" }, history: {}, addEventListener: () => undefined });
const { RunCard, RunRow } = await import("./run_row.tsx");
const { ServerNotice } = await import("./server_notice.tsx");
const { LifeLine } = await import("./life_line_view.tsx");

/** What a person reads of it, on a robot that knows of these runs. */
function read(view: ReactNode, runList: Partial<RunList> = {}): string {
  const state = { ...createPanelStore().getState(), runList: { ...readRunList({}), ...runList } };
  const panel = { store: createStore(() => state), commands: {} as Commands };
  const html = renderToStaticMarkup(<PanelProvider panel={panel}>{view}</PanelProvider>);
  return html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

describe("a run in the list", () => {
  it.each([RunRow, RunCard])("shows its progress while it goes on", (View) => {
    const run = aRun({
      status: "running",
      active: true,
      step: 2000,
      totalSteps: 5000,
      loss: 0.1234,
      secondsLeft: 125,
    });
    const text = read(<View run={run} now={0} current={false} />);
    for (const part of ["wave", "running", "2,000 of 5,000 steps", "0.1234", "2 min 05 s"]) {
      expect(text).toContain(part);
    }
  });

  it.each([RunRow, RunCard])("shows a status that is not known here, and an error beside any", (View) => {
    expect(read(<View run={aRun({ status: "preempted" })} now={0} current={false} />)).toContain("preempted");
    const run = aRun({ status: "running", active: true, errorMessage: "out of memory" });
    const text = read(<View run={run} now={0} current={false} />);
    expect(text).toContain("running");
    expect(text).toContain("out of memory");
  });
});

describe("the notice about the server", () => {
  it("is not there while all is well", () => {
    expect(read(<ServerNotice />, { signedIn: true })).toBe("");
  });
  it("says since when the connection is lost, and that what stands below is old", () => {
    const text = read(<ServerNotice />, { lostSince: Date.now(), problem: "No network.", runs: [aRun()] });
    expect(text).toMatch(/Connection to the training server lost since \d\d:\d\d No network\./);
    expect(text).toContain("what was last known");
  });
  it("says why nobody is signed in, and which skills' runs are not known", () => {
    const text = read(<ServerNotice />, {
      problem: "There is no service key.",
      skillProblems: ["wave: 403"],
    });
    expect(text).toContain("Not signed in to the training server There is no service key.");
    expect(text).toContain("wave: 403");
  });
});

describe("the life line", () => {
  it("calls a run that ended with an error failed", () => {
    const run = aRun({
      status: "done",
      errorMessage: "no checkpoint",
      created: 1,
      started: 2,
      finished: 62_002,
    });
    const text = read(<LifeLine run={run} />);
    expect(text).toContain("1 min 02 s");
    expect(text).toContain("failed");
    expect(text).not.toContain("done");
  });

  it("puts the end in the state that it was, whatever could be downloaded after it", () => {
    const html = (errorMessage: string) =>
      renderToStaticMarkup(<LifeLine run={aRun({ status: "downloaded", errorMessage, finished: 1 })} />);
    const wrong = /data-step="done"[^>]*>(?:(?!<li).)*text-danger(?:(?!<li).)*failed/;
    expect(html("no checkpoint")).toMatch(wrong);
    expect(html("no checkpoint")).not.toMatch(/data-step="downloaded"[^>]*>(?:(?!<li).)*text-danger/);
    expect(html("Cancelled.")).not.toContain("text-danger");
    expect(html("Cancelled.")).toContain("cancelled");
  });
});
