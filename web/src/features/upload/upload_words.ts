import type { Job } from "@/ros/jobs.ts";
import type { UploadPlan } from "@/ros/training_commands.ts";
import type { Json } from "@/text/json.ts";
import { isObject, parseObject } from "@/text/json.ts";
import { formatBytes, formatCount } from "@/text/numbers.ts";

/** The newest upload of a skill, under way or ended. */
export function uploadOf(jobs: readonly Job[], skill: string): Job | undefined {
  return jobs.find(
    (job) => job.kind === "upload_skill" && parseObject(job.argumentsJson)?.["skill"] === skill,
  );
}

export function isUploaded(plan: UploadPlan): boolean {
  return plan.state === "uploaded";
}

/** `18 episodes in 22 files, 3.2 MB`. */
export function wholeText(plan: UploadPlan): string {
  return `${formatCount(plan.episodes, "episode")} in ${formatCount(plan.files, "file")}, ${formatBytes(plan.bytes)}`;
}

/** `5 new and 1 changed file: 300 MB to send at most`; what an upload would do. */
export function workText(plan: UploadPlan): string {
  const { newFiles, changedFiles } = plan;
  if (newFiles + changedFiles === 0) return "Nothing to send.";
  const files =
    newFiles > 0 && changedFiles > 0
      ? `${newFiles.toLocaleString("en")} new and ${formatCount(changedFiles, "changed file")}`
      : newFiles > 0
        ? formatCount(newFiles, "new file")
        : formatCount(changedFiles, "changed file");
  return `${files}: ${formatBytes(plan.bytesToSend)} to send at most.`;
}

/** What an upload that is done says of itself; "" where it says nothing. */
export function doneText(job: Job): string {
  const result = parseObject(job.resultJson);
  const files = result?.["files"];
  const bytes = result?.["bytes"];
  if (typeof files !== "number") return "";
  if (files === 0) return "Nothing had to be sent.";
  return `${formatCount(files, "file")} sent${typeof bytes === "number" ? `, ${formatBytes(bytes)}` : ""}.`;
}

/** Bytes per second of a limit in MB/s; 0 for none, null where the text is no number. */
export function limitOf(text: string): number | null {
  const given = text.trim();
  if (given === "") return 0;
  const value = Number(given);
  return Number.isFinite(value) && value > 0 ? value * 1e6 : null;
}

/** `A`, `A and B`, `A, B and C`. */
export function listed(names: readonly string[], word: "and" | "or"): string {
  return new Intl.ListFormat("en-GB", { type: word === "and" ? "conjunction" : "disjunction" }).format(names);
}

/** What an upload could not do although it is done, and which files are there under another skill. */
export function problemsIn(job: Job): readonly string[] {
  const result = parseObject(job.resultJson) ?? {};
  const problems = Array.isArray(result["problems"]) ? (result["problems"] as readonly Json[]) : [];
  const elsewhere = isObject(result["elsewhere"]) ? Object.entries(result["elsewhere"]) : [];
  return [
    ...problems.filter((problem) => typeof problem === "string"),
    ...elsewhere
      .filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .map(
        ([skill, count]) => `${formatCount(count, "file")} are on the server already as part of ${skill}.`,
      ),
  ];
}
