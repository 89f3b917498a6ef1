import { describe, expect, it } from "vitest";
import type { Job } from "@/ros/jobs.ts";
import { readJob } from "@/ros/jobs.ts";
import { countTexts, knownFraction, stageText, timeLeft } from "./job_text.ts";

const RUNNING: Job = {
  ...readJob({}),
  state: "running",
  stage: "placing files",
  itemsDone: 3,
  itemsTotal: 12,
  bytesDone: 1.5e6,
  bytesTotal: 6e6,
  fraction: 0.25,
  rate: 2e6,
  secondsLeft: 2.25,
};

describe("a job in words", () => {
  it("says what it does, how far it is and how long it takes", () => {
    expect(stageText(RUNNING)).toBe("Placing files");
    expect(countTexts(RUNNING)).toEqual(["3 of 12", "1.5 MB of 6 MB", "2 MB/s"]);
    expect(timeLeft(RUNNING)).toBe("2 s left");
    expect(timeLeft({ ...RUNNING, secondsLeft: 75 })).toBe("1 min 15 s left");
    expect(timeLeft({ ...RUNNING, secondsLeft: 0.2 })).toBe("almost done");
    expect(timeLeft({ ...RUNNING, secondsLeft: 0, bytesDone: RUNNING.bytesTotal })).toBe("");
  });

  it("counts files of a transfer", () => {
    expect(countTexts({ ...RUNNING, kind: "upload_skill" })[0]).toBe("3 of 12 files");
  });

  it("counts items where there are no bytes", () => {
    const job = { ...RUNNING, bytesTotal: 0, rate: 2.5 };
    expect(countTexts(job)).toEqual(["3 of 12", "2.5 a second"]);
  });

  it("keeps quiet about what is unknown or means nothing", () => {
    expect(knownFraction({ ...RUNNING, bytesTotal: 0, itemsTotal: 0 })).toBeNull();
    expect(timeLeft({ ...RUNNING, secondsLeft: -1 })).toBe("");
    expect(countTexts({ ...RUNNING, rate: 0 })).toEqual(["3 of 12", "1.5 MB of 6 MB"]);
    for (const still of [{ paused: true }, { cancelling: true }, { state: "queued" as const }]) {
      expect(timeLeft({ ...RUNNING, ...still })).toBe("");
      expect(countTexts({ ...RUNNING, ...still })).toHaveLength(2);
    }
  });

  it("says when it stands still", () => {
    expect(stageText({ ...RUNNING, paused: true })).toBe("Paused");
    expect(stageText({ ...RUNNING, paused: true, cancelling: true })).toBe("Cancelling…");
    expect(stageText({ ...RUNNING, state: "queued" })).toBe("Waiting");
    expect(stageText({ ...RUNNING, stage: "" })).toBe("Starting…");
  });
});
