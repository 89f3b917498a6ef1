import { describe, expect, it } from "vitest";
import type { Finding } from "@/ros/editing.ts";
import { byEpisode, codeTitle, grouped, worst } from "./findings.ts";

function finding(severity: Finding["severity"], code: string, episode: number | null): Finding {
  return { severity, code, episode, camera: "", message: `${code} ${episode ?? ""}`, remedy: `mend ${code}` };
}

const FOUND = [
  finding("note", "task-missing", null),
  finding("warning", "black", 4),
  finding("error", "frames-differ", 7),
  finding("warning", "black", 2),
  finding("warning", "black", 2),
];

describe("findings", () => {
  it("are grouped by kind, the worst first, with their episodes once each", () => {
    const groups = grouped(FOUND);
    expect(groups.map(({ code }) => code)).toEqual(["frames-differ", "black", "task-missing"]);
    expect(groups[1]).toMatchObject({ episodes: [2, 4], remedies: ["mend black"] });
    expect(groups[1]?.findings).toHaveLength(3);
    expect(groups[2]?.episodes).toEqual([]);
  });

  it("are found by episode", () => {
    const found = byEpisode(FOUND);
    expect(found.get(2)).toHaveLength(2);
    expect(found.get(0)).toBeUndefined();
    expect([...found.keys()].sort()).toEqual([2, 4, 7]);
  });

  it("know the worst", () => {
    expect(worst(FOUND)).toBe("error");
    expect(worst(FOUND.slice(0, 2))).toBe("warning");
    expect(worst([])).toBeNull();
  });

  it("have a title", () => {
    expect(codeTitle("frames-differ")).toBe("Frames differ");
  });
});
