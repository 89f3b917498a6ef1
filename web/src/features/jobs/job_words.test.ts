import { describe, expect, it } from "vitest";
import { readJob } from "@/ros/jobs.ts";
import { jobTitle, madeName, resultNotes, resultPlace, resultText } from "./job_words.ts";

const nameOf = (folder: string): string => folder.toUpperCase();

function job(kind: string, args: object, more: object = {}) {
  return readJob({ kind, arguments_json: JSON.stringify(args), state: "done", ...more });
}

describe("a job's title", () => {
  it.each([
    ["delete_episodes", { skill: "cup", episodes: [1, 2] }, "Delete 2 episodes of CUP"],
    ["merge_datasets", { sources: [{ skill: "a" }, { skill: "b" }] }, "Merge A and B"],
    ["merge_datasets", { sources: [{ skill: "a" }, { skill: "b" }, {}] }, "Merge A and 2 others"],
    ["convert_dataset", { skill: "cup", target: "h264" }, "Convert CUP to video"],
    ["convert_dataset", { skill: "cup", target: "lerobot-v3.0" }, "Convert CUP to LeRobot v3.0"],
    ["check_dataset", { skill: "cup" }, "Check CUP"],
    ["upload_skill", { skill: "cup" }, "Upload CUP"],
    ["download_run", { skill: "cup", run_id: 7 }, "Download run 7 of CUP"],
    ["dream_up", { skill: "cup" }, "dream up CUP"],
  ])("%s %j: %s", (kind, args, title) => {
    expect(jobTitle(job(kind, args), nameOf)).toBe(title);
  });

  it("bears arguments that can't be read", () => {
    const odd = readJob({ kind: "check_dataset", arguments_json: "{oops", reads: ["cup"] });
    expect(jobTitle(odd, nameOf)).toBe("Check CUP");
    expect(madeName(odd)).toBe("");
  });
});

describe("a job's result", () => {
  it("is opened where it is, once it is there", () => {
    const args = { skill: "cup", name: "Cup cleaned" };
    const done = { result_json: '{"skill": "cup-cleaned"}' };
    expect(resultPlace(job("delete_episodes", args, done))).toEqual({
      tab: "datasets",
      skill: "cup-cleaned",
    });
    expect(resultPlace(job("upload_skill", args))).toEqual({ tab: "training", skill: "cup" });
    expect(resultPlace(job("delete_episodes", args, { state: "running" }))).toBeNull();
    expect(resultPlace(job("delete_episodes", args, { ...done, state: "failed" }))).toBeNull();
    expect(madeName(job("delete_episodes", args))).toBe("Cup cleaned");
  });

  it("of a check is counted", () => {
    const found = (result: object) =>
      resultText(job("check_dataset", {}, { result_json: JSON.stringify(result) }));
    expect(found({ errors: 2, warnings: 0, notes: 1 })).toBe("2 errors, 1 note");
    expect(found({ errors: 0, warnings: 0, notes: 0 })).toBe("nothing found");
    expect(resultText(job("delete_episodes", {}, { result_json: "{}" }))).toBe("");
    expect(
      resultNotes(job("delete_episodes", {}, { result_json: '{"problems": ["One is odd.", 3]}' })),
    ).toEqual(["One is odd."]);
    expect(resultNotes(job("delete_episodes", {}, { result_json: "" }))).toEqual([]);
  });
});
