/** Which episodes are selected. Values only; what is shown, and in which order, is told by the caller. */

export interface Selection {
  readonly ids: ReadonlySet<number>;
  /** Where a range begins: the episode that was selected last. */
  readonly anchor: number | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

export function toggled({ ids }: Selection, id: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/**
 * With everything between the anchor and `id`, as `shown` lists them. The anchor stays, so that a second
 * shift-click makes another range from the same place. Without an anchor that is shown, `id` alone.
 */
export function extended({ ids, anchor }: Selection, shown: readonly number[], id: number): Selection {
  const to = shown.indexOf(id);
  const from = anchor === null ? -1 : shown.indexOf(anchor);
  if (from < 0 || to < 0) return { ids: new Set(ids).add(id), anchor: id };
  const between = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...ids, ...between]), anchor };
}

export function only(ids: Iterable<number>): Selection {
  return { ids: new Set(ids), anchor: null };
}

/** What is shown and was not selected; nothing that is not shown. */
export function inverted({ ids }: Selection, shown: readonly number[]): Selection {
  return only(shown.filter((id) => !ids.has(id)));
}

/** Without episodes that are no longer there; the same object where all are. */
export function pruned(selection: Selection, exists: (id: number) => boolean): Selection {
  const kept = [...selection.ids].filter(exists);
  const anchored = selection.anchor === null || exists(selection.anchor);
  if (kept.length === selection.ids.size && anchored) return selection;
  return { ids: new Set(kept), anchor: anchored ? selection.anchor : null };
}
