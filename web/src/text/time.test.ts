import { describe, expect, it } from "vitest";
import { formatAgo, formatDuration, formatPosition, formatRecorded } from "./time.ts";

describe("formatPosition", () => {
  it.each([
    [0, "0:00.000"],
    [4.2333, "0:04.233"],
    [59.9996, "1:00.000"],
    [720, "12:00.000"],
    [-1, "0:00.000"],
  ])("%d is %s", (seconds, text) => {
    expect(formatPosition(seconds)).toBe(text);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 s"],
    [Number.NaN, "0 s"],
    [8.44, "8.4 s"],
    [59.99, "1 min 00 s"],
    [65, "1 min 05 s"],
    [7380, "2 h 03 min"],
  ])("%d is %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe("formatRecorded", () => {
  it("keeps the robot's wall clock and drops the fraction", () => {
    expect(formatRecorded("2025-06-01T14:03:22.123456")).toBe("2025-06-01 14:03:22");
  });
  it("leaves alone what it does not know", () => {
    expect(formatRecorded("yesterday")).toBe("yesterday");
    expect(formatRecorded("")).toBe("");
  });
});

describe("formatAgo", () => {
  const now = Date.UTC(2025, 5, 15, 12);
  it.each([
    [10, "just now"],
    [300, "5 min ago"],
    [3 * 3600, "3 h ago"],
    [2 * 86_400, "2 d ago"],
  ])("%d s ago is %s", (seconds, text) => {
    expect(formatAgo(now - seconds * 1000, now)).toBe(text);
  });
  it("is a date when it is long ago", () => {
    expect(formatAgo(Date.UTC(2024, 0, 5, 12), now)).toMatch(/^2024-01-0\d$/);
  });
});
