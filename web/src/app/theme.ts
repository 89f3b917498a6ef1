import { useSyncExternalStore } from "react";

/** What the user chose; "system" follows the device, also when that changes. */
export type Theme = "system" | "light" | "dark";

const KEY = "training-manager.theme";
const THEMES: readonly string[] = ["system", "light", "dark"] satisfies Theme[];
const listeners = new Set<() => void>();
const darkDevice = window.matchMedia("(prefers-color-scheme: dark)");
let theme: Theme = stored();

function stored(): Theme {
  try {
    const value = window.localStorage.getItem(KEY) ?? "";
    return THEMES.includes(value) ? (value as Theme) : "system";
  } catch {
    return "system"; // Storage is blocked.
  }
}

function apply(): void {
  const dark = theme === "dark" || (theme === "system" && darkDevice.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

/** Paints the page in its theme from now on. */
export function startTheme(): void {
  darkDevice.addEventListener("change", apply);
  apply();
}

export function setTheme(next: Theme): void {
  theme = next;
  try {
    window.localStorage.setItem(KEY, next);
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
  apply();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => theme,
  );
}
