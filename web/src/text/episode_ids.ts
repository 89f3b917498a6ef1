/** Lists of episode ids as people write them: `0-4, 7`. */

/** More than any dataset has; keeps a slip such as `0-99999999` from filling the memory. */
const MOST = 100_000;

export type ParsedIds = { readonly ids: readonly number[] } | { readonly problem: string };

/** The ids in the order in which they are written, each once. */
export function parseIds(text: string): ParsedIds {
  const ids = new Set<number>();
  for (const part of text.split(/[,;\s]+/).filter(Boolean)) {
    const found = /^(\d{1,9})(?:[-–](\d{1,9}))?$/.exec(part);
    if (!found) return { problem: `“${part}” is no episode or range; write for example 0-4, 7.` };
    const first = Number(found[1]);
    const last = Number(found[2] ?? found[1]);
    if (last < first) return { problem: `“${part}” runs backwards; write ${last}-${first}.` };
    if (last - first >= MOST) return { problem: `“${part}” is more than a dataset has.` };
    for (let id = first; id <= last; id += 1) ids.add(id);
  }
  if (ids.size === 0) return { problem: "Name at least one episode, for example 0-4, 7." };
  return { ids: [...ids] };
}

/** `0–4, 7`: ids in ascending order, neighbours joined. */
export function formatIds(ids: Iterable<number>): string {
  const sorted = [...ids].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    const [first, last] = [sorted[at] ?? 0, sorted[end] ?? 0];
    parts.push(first === last ? `${first}` : `${first}–${last}`);
    at = end + 1;
  }
  return parts.join(", ");
}
