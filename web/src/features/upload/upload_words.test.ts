import { describe, expect, it } from "vitest";
import { readJob } from "@/ros/jobs.ts";
import { doneText, limitOf, listed, problemsIn, uploadOf, wholeText, workText } from "./upload_words.ts";

const PLAN = {
  state: "changed since the upload",
  episodes: 18,
  rawEpisodes: 0,
  files: 22,
  bytes: 3_200_000,
  newFiles: 5,
  changedFiles: 1,
  bytesToSend: 300_000_000,
  sharedWith: [],
  refused: false,
};

function job(facts: object) {
  return readJob({ kind: "upload_skill", arguments_json: '{"skill": "wave"}', state: "done", ...facts });
}

describe("an upload in words", () => {
  it("says what is there and what would be sent", () => {
    expect(wholeText(PLAN)).toBe("18 episodes in 22 files, 3.2 MB");
    expect(workText(PLAN)).toBe("5 new and 1 changed file: 300 MB to send at most.");
    expect(workText({ ...PLAN, newFiles: 0, changedFiles: 2 })).toBe(
      "2 changed files: 300 MB to send at most.",
    );
    expect(workText({ ...PLAN, newFiles: 1, changedFiles: 0 })).toBe("1 new file: 300 MB to send at most.");
    expect(workText({ ...PLAN, newFiles: 0, changedFiles: 0 })).toBe("Nothing to send.");
  });

  it("says what was sent, and what is to know about it", () => {
    const result = {
      files: 3,
      bytes: 5000,
      problems: ["episode_3.h5 can't be read"],
      elsewhere: { wave2: 4 },
    };
    const ended = job({ result_json: JSON.stringify(result) });
    expect(doneText(ended)).toBe("3 files sent, 5 kB.");
    expect(problemsIn(ended)).toEqual([
      "episode_3.h5 can't be read",
      "4 files are on the server already as part of wave2.",
    ]);
    expect(doneText(job({ result_json: '{"files": 0}' }))).toBe("Nothing had to be sent.");
    expect([doneText(job({})), problemsIn(job({ result_json: "[" }))]).toEqual(["", []]);
  });
});

it("finds the newest upload of a skill", () => {
  const jobs = [job({ id: "1", arguments_json: '{"skill": "other"}' }), job({ id: "2" }), job({ id: "3" })];
  expect(uploadOf(jobs, "wave")?.id).toBe("2");
  expect(uploadOf(jobs, "nobody")).toBeUndefined();
});

it("lists names as a person does", () => {
  expect(listed(["A"], "or")).toBe("A");
  expect(listed(["A", "B"], "or")).toBe("A or B");
  expect(listed(["A", "B", "C"], "and")).toBe("A, B and C");
});

it.each([
  ["", 0],
  ["2.5", 2_500_000],
  ["0", null],
  ["-1", null],
  ["fast", null],
])("a limit of %j MB/s is %s", (text, limit) => {
  expect(limitOf(text)).toBe(limit);
});
