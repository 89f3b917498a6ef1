import { describe, expect, it } from "vitest";
import { clampFrame, clockRate, frameAt, frameOfLink, presentedFrame, seekTime } from "./frames.ts";

const RATES = [1, 9.97, 10, 20, 23.976, 29.97, 30, 50, 59.94, 60];
const STARTS = [0, 0.0333333, 0.066, 1.4, 100.02];

describe("seeking to a frame", () => {
  it("lands on it, for every rate and start, even 1 ms off", () => {
    for (const rate of RATES) {
      for (const start of STARTS) {
        for (const frame of [0, 1, 2, 17, 299, 1799, 100_000]) {
          const time = seekTime(frame, rate, start);
          expect(frameAt(time, rate, start)).toBe(frame);
          expect(frameAt(time + 0.001, rate, start)).toBe(frame);
          expect(frameAt(time - 0.001, rate, start)).toBe(frame);
        }
      }
    }
  });
});

describe("presentedFrame", () => {
  it("takes the rounded times that browsers report", () => {
    for (const rate of RATES) {
      for (const start of STARTS) {
        for (const frame of [0, 1, 299, 1799]) {
          const micros = Math.round((start + frame / rate) * 1e6) / 1e6;
          expect(presentedFrame(micros, rate, start)).toBe(frame);
        }
      }
    }
  });
});

describe("frameOfLink", () => {
  it("finds the frame whose time was written with milliseconds", () => {
    for (const rate of RATES) {
      for (const frame of [0, 1, 7, 299]) {
        expect(frameOfLink(Number((frame / rate).toFixed(3)), rate, 300)).toBe(frame);
      }
    }
  });
  it("stays within the episode", () => {
    expect(frameOfLink(1e9, 30, 300)).toBe(299);
  });
});

describe("clampFrame", () => {
  it("stays within the frames that are there", () => {
    expect(clampFrame(-3, 10)).toBe(0);
    expect(clampFrame(10, 10)).toBe(9);
    expect(clampFrame(5, 0)).toBe(0);
  });
});

describe("clockRate", () => {
  it("is the declared one, else what the length says, else a common one", () => {
    expect(clockRate(20, 300, 10)).toBe(20);
    expect(clockRate(0, 300, 10)).toBe(30);
    expect(clockRate(0, 300, 15)).toBe(20);
    expect(clockRate(0, 0, 0)).toBe(30);
  });
});
