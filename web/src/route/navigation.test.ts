import { describe, expect, it, vi } from "vitest";
import type { Address } from "./navigation.ts";

/** A browser's address bar and history. */
function browser(hash: string) {
  const entries = [hash];
  let at = 0;
  const listeners: (() => void)[] = [];
  const address: Address = {
    location: {
      get hash() {
        return entries[at] ?? "";
      },
    },
    history: {
      pushState: (_data, _unused, url) => {
        entries.splice(at + 1, Infinity, url);
        at += 1;
      },
      replaceState: (_data, _unused, url) => {
        entries[at] = url;
      },
    },
    addEventListener: (_type, listener) => {
      listeners.push(listener);
    },
  };
  const moved = (): void => listeners.forEach((listener) => listener());
  return {
    address,
    bar: () => entries[at],
    length: () => entries.length,
    back: () => {
      at -= 1;
      moved();
    },
    type: (url: string) => {
      address.history.pushState(null, "", url);
      moved();
    },
  };
}

// The module makes one for the real window when it is imported.
vi.stubGlobal("window", { location: { hash: "" }, history: {}, addEventListener: () => undefined });
const { createNavigation } = await import("./navigation.ts");

describe("navigation", () => {
  it("goes, tells, and follows back", () => {
    const bar = browser("#/skills");
    const navigation = createNavigation(bar.address);
    const heard: (string | null)[] = [];
    navigation.subscribe(() => heard.push(navigation.route().skill));
    navigation.go({ tab: "skills", skill: "a" });
    navigation.go({ tab: "skills", skill: "a" });
    navigation.go({ tab: "datasets", skill: "b", episode: 3 });
    expect(bar.bar()).toBe("#/datasets/b/3");
    expect(bar.length()).toBe(3);
    bar.back();
    expect(navigation.route().skill).toBe("a");
    expect(heard).toEqual(["a", "b", "a"]);
  });

  it("takes an address that is typed in", () => {
    const bar = browser("");
    const navigation = createNavigation(bar.address);
    bar.type("#/datasets/x/1?t=2");
    expect(navigation.route()).toMatchObject({ tab: "datasets", skill: "x", episode: 1, time: 2 });
  });

  it("replaces without a step in the history", () => {
    const bar = browser("#/datasets/x/1");
    const navigation = createNavigation(bar.address);
    navigation.replace({ ...navigation.route(), time: 4 });
    expect(bar.bar()).toBe("#/datasets/x/1?t=4");
    expect(bar.length()).toBe(1);
  });

  it("asks before it leaves, by link and by the back button", () => {
    const bar = browser("#/skills");
    const navigation = createNavigation(bar.address);
    navigation.go({ tab: "skills", skill: "a" });
    let go: (() => void) | null = null;
    const release = navigation.guard((_next, leave) => {
      go = leave;
    });

    navigation.go({ tab: "training" });
    expect(navigation.route().skill).toBe("a");
    expect(bar.bar()).toBe("#/skills/a");

    bar.back();
    expect(navigation.route().skill).toBe("a");
    expect(bar.bar()).toBe("#/skills/a");
    (go as (() => void) | null)?.();
    expect(navigation.route()).toMatchObject({ tab: "skills", skill: null });
    expect(bar.bar()).toBe("#/skills");

    release();
    navigation.go({ tab: "training" });
    expect(navigation.route().tab).toBe("training");
  });
});
