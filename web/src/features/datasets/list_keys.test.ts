import { describe, expect, it, vi } from "vitest";
import { pressListKey } from "./list_keys.ts";
import type { KeyPress } from "./player/keys.ts";

function setUp() {
  const list = {
    all: vi.fn(),
    clear: vi.fn(),
    move: vi.fn(),
    toggle: vi.fn(() => true),
    keep: vi.fn(),
    reject: vi.fn(),
    note: vi.fn(),
    remove: vi.fn(),
    help: vi.fn(),
  };
  const press = (key: string, more: Partial<KeyPress> = {}): boolean =>
    pressListKey({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more }, list);
  return { list, press };
}

describe("keys of the list", () => {
  it("select", () => {
    const { list, press } = setUp();
    press("ArrowDown");
    press("ArrowUp", { shiftKey: true });
    expect(list.move.mock.calls).toEqual([
      [1, false],
      [-1, true],
    ]);
    press("a", { metaKey: true });
    press("Escape");
    expect(list.all).toHaveBeenCalledOnce();
    expect(list.clear).toHaveBeenCalledOnce();
    list.toggle.mockReturnValueOnce(false);
    expect(press(" ")).toBe(false);
  });

  it("mark and delete", () => {
    const { list, press } = setUp();
    for (const key of ["k", "X", "n", "Delete", "?"]) expect(press(key)).toBe(true);
    for (const done of [list.keep, list.reject, list.note, list.remove, list.help]) {
      expect(done).toHaveBeenCalledOnce();
    }
  });

  it("leave the browser's own alone", () => {
    const { list, press } = setUp();
    expect(press("a")).toBe(false);
    expect(press("k", { ctrlKey: true })).toBe(false);
    expect(press("n", { metaKey: true })).toBe(false);
    expect(press("x", { altKey: true })).toBe(false);
    expect(list.keep).not.toHaveBeenCalled();
  });
});
