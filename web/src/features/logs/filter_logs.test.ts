import { describe, expect, it } from "vitest";
import type { Level, LogLine } from "@/ros/messages.ts";
import { filterLogs, unread } from "./filter_logs.ts";

function line(level: Level, message: string): LogLine {
  return { time: 0, level, name: "training_manager.panel", message, key: message };
}
const LINES = [
  line("debug", "a"),
  line("info", "Opened skill"),
  line("warning", "c"),
  line("error", "d"),
  line("fatal", "e"),
];
const messages = (level: Level, search = "") => filterLogs(LINES, { level, search }).map((l) => l.message);

describe("filterLogs", () => {
  it("shows a level and what is more serious", () => {
    expect(messages("debug")).toHaveLength(5);
    expect(messages("warning")).toEqual(["c", "d", "e"]);
    expect(messages("fatal")).toEqual(["e"]);
  });
  it("searches in message and name", () => {
    expect(messages("debug", "SKILL open")).toEqual(["Opened skill"]);
    expect(messages("debug", "panel")).toHaveLength(5);
    expect(messages("warning", "opened")).toEqual([]);
  });
  it("is the same array where nothing is left out", () => {
    expect(filterLogs(LINES, { level: "debug", search: " " })).toBe(LINES);
  });
});

describe("unread", () => {
  it("counts what came after the line that was seen last", () => {
    expect(unread(LINES, "Opened skill")).toEqual({ lines: 3, warnings: 1, errors: 2 });
    expect(unread(LINES, "e")).toEqual({ lines: 0, warnings: 0, errors: 0 });
  });
  it("counts everything where nothing was seen, or what was seen is gone", () => {
    expect(unread(LINES, null).lines).toBe(5);
    expect(unread(LINES, "long ago").lines).toBe(5);
  });
});
