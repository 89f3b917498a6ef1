import { describe, expect, it, vi } from "vitest";
import type { KeyPress } from "./keys.ts";
import { pressKey } from "./keys.ts";
import { Player } from "./player.ts";

function setUp(frame: number) {
  const player = new Player(300, 30, frame, { request: () => 1, cancel: () => undefined });
  const goEpisode = vi.fn();
  const toggleHelp = vi.fn();
  const mark = vi.fn();
  const press = (key: string, more: Partial<KeyPress> = {}): boolean =>
    pressKey(
      { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more },
      { player, goEpisode, toggleHelp, mark },
    );
  return { player, goEpisode, toggleHelp, mark, press };
}

describe("keys", () => {
  it.each([
    ["ArrowRight", {}, 101],
    ["ArrowLeft", {}, 99],
    ["ArrowRight", { shiftKey: true }, 110],
    ["ArrowLeft", { shiftKey: true }, 90],
    ["Home", {}, 0],
    ["End", {}, 299],
  ])("%s %j leads to a frame", (key, more, frame) => {
    const { player, press } = setUp(100);
    expect(press(key, more)).toBe(true);
    expect(player.state().frame).toBe(frame);
  });

  it("play, pause and shuttle", () => {
    const { player, press } = setUp(100);
    press(" ");
    expect(player.state().velocity).toBe(1);
    press(" ");
    expect(player.state().velocity).toBe(0);
    press("L");
    press("l");
    expect(player.state().velocity).toBe(2);
    press("J");
    expect(player.state().velocity).toBe(-1);
    press("k");
    expect(player.state().velocity).toBe(0);
  });

  it("mark the episode; K does so at rest alone", () => {
    const { player, mark, press } = setUp(100);
    press("l");
    press("k");
    expect(player.state().velocity).toBe(0);
    expect(mark).not.toHaveBeenCalled();
    press("k");
    press("X");
    press("n");
    expect(mark.mock.calls).toEqual([["keep"], ["reject"], ["note"]]);
  });

  it("go to other episodes and show the help", () => {
    const { press, goEpisode, toggleHelp } = setUp(0);
    press("ArrowUp");
    press("ArrowDown");
    expect(goEpisode.mock.calls).toEqual([[-1], [1]]);
    press("?", { shiftKey: true });
    expect(toggleHelp).toHaveBeenCalledOnce();
  });

  it("leave the browser's own keys alone", () => {
    const { player, press } = setUp(100);
    expect(press("ArrowLeft", { altKey: true })).toBe(false);
    expect(press("l", { ctrlKey: true })).toBe(false);
    expect(press("k", { metaKey: true })).toBe(false);
    expect(press("y")).toBe(false);
    expect(press("x", { ctrlKey: true })).toBe(false);
    expect(player.state()).toMatchObject({ frame: 100, velocity: 0 });
  });
});
