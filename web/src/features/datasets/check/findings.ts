/** What a check found, arranged for people. */
import type { Finding, Severity } from "@/ros/editing.ts";

const WORST: readonly Severity[] = ["error", "warning", "note"];

/** Findings of one kind, over however many episodes. */
export interface Group {
  readonly code: string;
  readonly severity: Severity;
  readonly findings: readonly Finding[];
  /** Ids, ascending; none where it is about the dataset as a whole. */
  readonly episodes: readonly number[];
  /** The different things to do. */
  readonly remedies: readonly string[];
}

export function grouped(findings: readonly Finding[]): readonly Group[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.code}`;
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()]
    .map((all) => {
      const ids = all.map((finding) => finding.episode).filter((id) => id !== null);
      return {
        code: all[0]?.code ?? "",
        severity: all[0]?.severity ?? "note",
        findings: all,
        episodes: [...new Set(ids)].sort((a, b) => a - b),
        remedies: [...new Set(all.map((finding) => finding.remedy).filter(Boolean))],
      };
    })
    .sort((a, b) => WORST.indexOf(a.severity) - WORST.indexOf(b.severity));
}

export function byEpisode(findings: readonly Finding[]): ReadonlyMap<number, readonly Finding[]> {
  const found = new Map<number, Finding[]>();
  for (const finding of findings) {
    if (finding.episode === null) continue;
    const known = found.get(finding.episode);
    if (known) known.push(finding);
    else found.set(finding.episode, [finding]);
  }
  return found;
}

export function worst(findings: readonly Finding[]): Severity | null {
  return WORST.find((severity) => findings.some((finding) => finding.severity === severity)) ?? null;
}

/** `Frames differ` for "frames-differ". */
export function codeTitle(code: string): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
