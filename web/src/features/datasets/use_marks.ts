import { useState } from "react";
import type { MarkChange } from "@/ros/editing.ts";
import type { Episode, Verdict } from "@/ros/messages.ts";
import { useCommands } from "@/state/panel.tsx";
import type { Episodes } from "./use_episodes.ts";

export interface Marks {
  /** Gives them the verdict; takes it from them where all of them have it already. */
  readonly judge: (ids: ReadonlySet<number>, verdict: Exclude<Verdict, "">) => void;
  readonly change: (ids: ReadonlySet<number>, change: MarkChange) => Promise<void>;
  /** Why the last mark was not made. */
  readonly problem: string | null;
  readonly dismiss: () => void;
}

/** Marks show at once, and are taken back with a reason where the robot refuses them. */
export function useMarks(skill: string, episodes: Episodes): Marks {
  const commands = useCommands();
  const [problem, setProblem] = useState<string | null>(null);

  async function change(ids: ReadonlySet<number>, what: MarkChange): Promise<void> {
    if (ids.size === 0) return;
    setProblem(null);
    episodes.patch(ids, what);
    try {
      await commands.markEpisodes(skill, [...ids], what);
      // Once more, over what was fetched while the robot was still writing.
      episodes.patch(ids, what);
    } catch (error) {
      episodes.refresh();
      throw error;
    }
  }

  return {
    judge: (ids, verdict) => {
      const known = episodes.episodes.filter((episode): episode is Episode => ids.has(episode?.id ?? -1));
      const all = known.length > 0 && known.every((episode) => episode.verdict === verdict);
      change(ids, { verdict: all ? "" : verdict }).catch((error: unknown) =>
        setProblem(error instanceof Error ? error.message : String(error)),
      );
    },
    change,
    problem,
    dismiss: () => setProblem(null),
  };
}
