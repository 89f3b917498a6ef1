/** What a job does, in words, and where its result can be seen. */
import type { Job } from "@/ros/jobs.ts";
import type { Route, Tab } from "@/route/route.ts";
import type { Json, JsonObject } from "@/text/json.ts";
import { isObject, parseObject } from "@/text/json.ts";
import { formatCount } from "@/text/numbers.ts";

type NameOf = (folder: string) => string;

/** `Delete 2 episodes of Pick up cup`. `nameOf` gives a folder's display name. */
export function jobTitle(job: Job, nameOf: NameOf): string {
  const args = parseObject(job.argumentsJson) ?? {};
  const skill = nameOf(textOf(args["skill"]) || (job.reads[0] ?? job.writes[0] ?? ""));
  switch (job.kind) {
    case "delete_episodes":
      return `Delete ${formatCount(lengthOf(args["episodes"]), "episode")} of ${skill}`;
    case "merge_datasets":
      return `Merge ${listed(sourcesOf(args).map(nameOf))}`;
    case "convert_dataset":
      return `Convert ${skill}${args["target"] === "lerobot-v3.0" ? " to LeRobot v3.0" : " to video"}`;
    case "check_dataset":
      return `Check ${skill}`;
    case "upload_skill":
      return `Upload ${skill}`;
    case "download_run":
      return `Download run ${numberOf(args["run_id"])} of ${skill}`;
    default:
      return `${job.kind.replaceAll("_", " ")} ${skill}`.trim();
  }
}

/** The new skill's name; "" where the job makes none. */
export function madeName(job: Job): string {
  return textOf(parseObject(job.argumentsJson)?.["name"]);
}

/** What came of it, where there is a word to say about that; "" otherwise. */
export function resultText(job: Job): string {
  const result = parseObject(job.resultJson);
  if (job.kind !== "check_dataset" || !result) return "";
  const counts = (["errors", "warnings", "notes"] as const)
    .map((key) => ({ key, count: result[key] }))
    .filter(({ count }) => typeof count === "number" && count > 0)
    .map(({ key, count }) => formatCount(Number(count), key.slice(0, -1)));
  return counts.join(", ") || "nothing found";
}

/** What an edit that is done had to say: an odd episode that goes along, a changed rate. */
export function resultNotes(job: Job): readonly string[] {
  const problems = parseObject(job.resultJson)?.["problems"];
  return Array.isArray(problems)
    ? (problems as readonly Json[]).map(textOf).filter((text) => text !== "")
    : [];
}

/** What to open once it is done; null where there is nothing to see. */
export function resultPlace(job: Job): (Partial<Route> & { tab: Tab }) | null {
  if (job.state !== "done") return null;
  const args = parseObject(job.argumentsJson) ?? {};
  const result = parseObject(job.resultJson) ?? {};
  const skill = textOf(result["skill"]) || textOf(args["skill"]);
  if (!skill) return null;
  const training = job.kind === "upload_skill" || job.kind === "download_run";
  return { tab: training ? "training" : "datasets", skill };
}

function sourcesOf(args: JsonObject): readonly string[] {
  const sources = args["sources"];
  if (!Array.isArray(sources)) return [];
  return (sources as readonly Json[]).map((source) => (isObject(source) ? textOf(source["skill"]) : ""));
}

function listed(names: readonly string[]): string {
  if (names.length <= 2) return names.join(" and ");
  return `${names[0] ?? ""} and ${names.length - 1} others`;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): string {
  return typeof value === "number" ? String(value) : "";
}

function lengthOf(value: Json | undefined): number {
  return Array.isArray(value) ? value.length : 0;
}
