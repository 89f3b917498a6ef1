import { describe, expect, it } from "vitest";
import { roughDuration, timeText } from "./times.ts";

describe("timeText", () => {
  const now = new Date(2026, 10, 26, 14, 30).getTime();
  it("names the day unless it is today's", () => {
    expect(timeText(new Date(2026, 10, 26, 0, 5).getTime(), now)).toBe("00:05");
    expect(timeText(new Date(2026, 10, 25, 23, 59).getTime(), now)).toBe("Nov 25, 23:59");
  });
});

describe("roughDuration", () => {
  it.each([
    [0.4, "0 s"],
    [59, "59 s"],
    [65, "1 min 05 s"],
    [1830, "31 min"],
    [7380, "2 h 03 min"],
  ])("%d s is %s", (seconds, text) => {
    expect(roughDuration(seconds)).toBe(text);
  });
});
