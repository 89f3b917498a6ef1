import { useEffect, useRef } from "react";
import { belongsElsewhere } from "./player/keys.ts";
import type { ListKeys } from "./list_keys.ts";
import { pressListKey } from "./list_keys.ts";
import type { Selecting } from "./use_selection.ts";

export interface ListActions {
  readonly keep: (ids: ReadonlySet<number>) => void;
  readonly reject: (ids: ReadonlySet<number>) => void;
  readonly note: (ids: ReadonlySet<number>) => void;
  readonly remove: () => void;
  readonly help: () => void;
}

/** Keys of the list of episodes, as long as `active`. They act on the selection, else on the focused row. */
export function useListKeys(active: boolean, selecting: Selecting, actions: ListActions): void {
  const latest = useRef({ selecting, actions });
  useEffect(() => {
    latest.current = { selecting, actions };
  });
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || belongsElsewhere(event.target, event.key)) return;
      if (pressListKey(event, bind(latest.current.selecting, latest.current.actions))) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active]);
}

function bind(selecting: Selecting, actions: ListActions): ListKeys {
  const row = document.activeElement?.closest("[data-row]") ?? null;
  const focused = row?.hasAttribute("data-episode") ? Number(row.getAttribute("data-episode")) : null;
  const targets = selecting.ids.size > 0 || focused === null ? selecting.ids : new Set([focused]);
  return {
    all: selecting.all,
    clear: selecting.clear,
    move: (direction, extend) => {
      const to = row && Number(row.getAttribute("data-row")) + direction;
      // With the focus elsewhere, into the list.
      const next = document.querySelector<HTMLElement>(to === null ? "[data-row]" : `[data-row="${to}"]`);
      if (!next) return;
      if (extend && focused !== null && selecting.ids.size === 0) selecting.toggle(focused);
      next.focus();
      const id = next.getAttribute("data-episode");
      if (extend && id !== null) selecting.extend(Number(id));
    },
    toggle: () => {
      if (focused !== null) selecting.toggle(focused);
      return focused !== null;
    },
    keep: () => actions.keep(targets),
    reject: () => actions.reject(targets),
    note: () => actions.note(targets),
    remove: actions.remove,
    help: actions.help,
  };
}
