import { describe, expect, it } from "vitest";
import type { LogPart } from "@/ros/training_commands.ts";
import {
  LOG_KEPT,
  LOG_PART,
  NO_LOG,
  endOf,
  findLines,
  linesOfLog,
  partsBefore,
  startOf,
  withNewer,
  withOlder,
} from "./log_text.ts";

function part(start: number, text: string, complete = false): LogPart {
  return { text, start, nextOffset: start + text.length, complete };
}

describe("a run's log", () => {
  it("grows at both ends without holes or doubles", () => {
    const middle = withNewer(NO_LOG, part(100, "b\nc"));
    const newer = withNewer(middle, part(103, "c\nd\n"));
    const both = withOlder(newer, 100, [part(98, "a\n")]);
    expect(linesOfLog(both)).toEqual(["a", "b", "cc", "d"]);
    expect([startOf(both), endOf(both)]).toEqual([98, 107]);
    expect(withNewer(both, part(103, "again"))).toBe(both);
    expect(withOlder(both, 100, [part(10, "late")])).toBe(both);
    expect(withOlder(both, 98, [])).toBe(both);
    expect(withOlder(NO_LOG, 14, [part(10, "x")])).toBe(NO_LOG);
  });

  it("is read backwards across what the server has left out", async () => {
    const [headEnd, tail, end] = [100_000, 900_000, 1_000_000];
    const ask = (offset: number, limit: number): Promise<LogPart> => {
      const start = offset >= headEnd && offset < tail ? tail : offset;
      const stop = Math.min(start + limit, start < headEnd ? headEnd : end);
      return Promise.resolve(part(start, "x".repeat(stop - start)));
    };
    let log = withNewer(NO_LOG, await ask(end - LOG_PART, LOG_PART));
    for (let start = startOf(log); start !== null && start > 0; start = startOf(log)) {
      const older = withOlder(log, start, await partsBefore(start, ask));
      expect(older).not.toBe(log);
      log = older;
    }
    expect(linesOfLog(log).map((line) => line.length)).toEqual([headEnd, 29, end - tail]);
    expect(linesOfLog(log)[1]).toBe("[800,000 bytes were left out]");
    const places = log.parts.map((one) => [one.start, one.nextOffset]);
    expect(places.slice(1).map(([start]) => start)).toEqual(places.slice(0, -1).map(([, next]) => next));
  });

  it("goes on behind what the server has left out of a long one", () => {
    const log = withNewer(withNewer(NO_LOG, part(0, "a\nb")), part(1503, "c\n"));
    expect(linesOfLog(log)).toEqual(["a", "b", "[1,500 bytes were left out]", "c"]);
    expect(endOf(log)).toBe(1505);
  });

  it("is complete when the server says so, with or without more text", () => {
    const log = withNewer(withNewer(NO_LOG, part(0, "a\n")), { ...part(2, ""), complete: true });
    expect(log.complete).toBe(true);
    expect(log.parts).toHaveLength(1);
  });

  it("keeps the newest where it gets long", () => {
    const long = "x".repeat(LOG_KEPT / 2);
    const log = [0, 1, 2, 3].reduce((kept, n) => withNewer(kept, part(n * long.length, long)), NO_LOG);
    expect(startOf(log)).toBe(2 * long.length);
    expect(endOf(log)).toBe(4 * long.length);
  });

  it("shows lines as a terminal does", () => {
    const text =
      "\u001b[31mred\u001b[0m\n 10%\r 50%\r100%\rdone\n\u001b[2K\u001b]0;title\u0007windows\r\n\nend";
    expect(linesOfLog(withNewer(NO_LOG, part(0, text)))).toEqual(["red", "done", "windows", "", "end"]);
  });
});

describe("findLines", () => {
  it("wants every word, whatever its case", () => {
    const lines = ["Step 1 loss 0.5", "step 2", "saved"];
    expect(findLines(lines, "STEP loss")).toEqual(["Step 1 loss 0.5"]);
    expect(findLines(lines, " ")).toBe(lines);
  });
});
