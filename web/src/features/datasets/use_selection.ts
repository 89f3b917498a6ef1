import { useEffect, useMemo, useRef, useState } from "react";
import type { Episode } from "@/ros/messages.ts";
import type { Selection } from "./selection.ts";
import { NOTHING, extended, inverted, only, pruned, toggled } from "./selection.ts";
import type { Episodes } from "./use_episodes.ts";

export interface Selecting {
  readonly ids: ReadonlySet<number>;
  /** Whether every episode that is shown is selected; "some": not all of them. */
  readonly shown: "all" | "some" | "none";
  /** Something waits for episodes that are not fetched yet. */
  readonly waiting: boolean;
  readonly toggle: (id: number) => void;
  readonly extend: (id: number) => void;
  readonly clear: () => void;
  readonly set: (ids: Iterable<number>) => void;
  readonly all: () => void;
  readonly invert: () => void;
  /** Every episode of the dataset that is like that. */
  readonly where: (like: (episode: Episode) => boolean) => void;
}

/** `positions` are the rows that are shown, in order. */
export function useSelection(episodes: Episodes, positions: readonly number[]): Selecting {
  const [chosen, setChosen] = useState<Selection>(NOTHING);
  const { complete, ensureAll, problem } = episodes;
  const rows = episodes.episodes;

  const current = useRef({ rows, positions });
  useEffect(() => {
    current.current = { rows, positions };
  });

  // What has to wait for rows that are not fetched yet.
  const waiting = useRef<(() => void) | null>(null);
  const [waited, setWaited] = useState(false);
  const stillWaiting = waited && !complete && problem === null;
  useEffect(() => {
    if (problem !== null) waiting.current = null;
    if (!complete) return;
    const act = waiting.current;
    waiting.current = null;
    act?.();
  });

  const selection = useMemo(() => {
    if (!complete) return chosen;
    const ids = new Set(rows.map((episode) => episode?.id));
    return pruned(chosen, (id) => ids.has(id));
  }, [chosen, complete, rows]);

  const shownIds = useMemo(
    () => positions.map((position) => rows[position]?.id).filter((id) => id !== undefined),
    [positions, rows],
  );
  const count = shownIds.reduce((sum, id) => sum + (selection.ids.has(id) ? 1 : 0), 0);
  const shown =
    count === 0 ? "none" : count === positions.length && count === shownIds.length ? "all" : "some";

  return useMemo(() => {
    const whenComplete = (act: (shown: readonly number[], rows: readonly Episode[]) => void): void => {
      const go = (): void => {
        const { rows: all, positions: order } = current.current;
        const ids = order.map((position) => all[position]?.id).filter((id) => id !== undefined);
        act(
          ids,
          all.filter((episode) => episode !== undefined),
        );
      };
      if (complete) go();
      else {
        waiting.current = go;
        setWaited(true);
        ensureAll();
      }
    };
    return {
      ids: selection.ids,
      shown,
      waiting: stillWaiting,
      toggle: (id) => setChosen((old) => toggled(old, id)),
      extend: (id) => whenComplete((ids) => setChosen((old) => extended(old, ids, id))),
      clear: () => setChosen(NOTHING),
      set: (ids) => setChosen(only(ids)),
      all: () => whenComplete((ids) => setChosen(only(ids))),
      invert: () => whenComplete((ids) => setChosen((old) => inverted(old, ids))),
      where: (like) =>
        whenComplete((_ids, all) => setChosen(only(all.filter(like).map((episode) => episode.id)))),
    };
  }, [selection, shown, stillWaiting, complete, ensureAll]);
}
