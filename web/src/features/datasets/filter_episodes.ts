/** Which episodes are shown. */
import type { Finding } from "@/ros/editing.ts";
import type { Episode } from "@/ros/messages.ts";

export type Filter = "all" | "problems" | "findings" | "reject" | "keep" | "unmarked" | "noted";

export const FILTERS: readonly { readonly filter: Filter; readonly label: string; readonly none: string }[] =
  [
    { filter: "all", label: "All episodes", none: "The dataset is there, but nothing is recorded in it." },
    { filter: "problems", label: "With problems", none: "Every episode reads well." },
    { filter: "findings", label: "With findings", none: "The last check found nothing in any episode." },
    { filter: "reject", label: "Rejected", none: "No episode is marked as rejected." },
    { filter: "keep", label: "Kept", none: "No episode is marked to be kept." },
    { filter: "unmarked", label: "Not marked", none: "Every episode is marked." },
    { filter: "noted", label: "With a note", none: "No episode has a note." },
  ];

export type FindingsOf = (episode: number) => readonly Finding[];

/** null: everything is shown, whether it is known or not. */
export function predicate(filter: Filter, findingsOf: FindingsOf): ((episode: Episode) => boolean) | null {
  switch (filter) {
    case "all":
      return null;
    case "problems":
      return (episode) => episode.problems.length > 0;
    case "findings":
      return (episode) => findingsOf(episode.id).length > 0;
    case "reject":
    case "keep":
      return (episode) => episode.verdict === filter;
    case "unmarked":
      return (episode) => episode.verdict === "";
    case "noted":
      return (episode) => episode.note !== "";
  }
}
