import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { KeyHelp } from "./player/help.tsx";
import { belongsElsewhere } from "./player/keys.ts";
import type { ListKeys } from "./list_keys.ts";
import { LIST_HELP, pressListKey } from "./list_keys.ts";
import type { Selecting } from "./use_selection.ts";

export interface ListActions {
  readonly keep: (ids: ReadonlySet<number>) => void;
  readonly reject: (ids: ReadonlySet<number>) => void;
  readonly note: (ids: ReadonlySet<number>) => void;
  readonly remove: () => void;
}

/**
 * Keys of the list of episodes, as long as `active`. They act on the selection, else on the focused row.
 * Returns their help, which is to be shown, if it was asked for.
 */
export function useListKeys(active: boolean, selecting: Selecting, actions: ListActions): ReactNode {
  const [help, setHelp] = useState(false);
  const latest = useRef({ selecting, actions });
  useEffect(() => {
    latest.current = { selecting, actions };
  });
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || belongsElsewhere(event.target, event.key)) return;
      if (
        pressListKey(
          event,
          bind(latest.current.selecting, latest.current.actions, () => setHelp(true)),
        )
      )
        event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active]);
  return help && <KeyHelp help={LIST_HELP} onClose={() => setHelp(false)} />;
}

function bind(selecting: Selecting, actions: ListActions, help: () => void): ListKeys {
  const row = document.activeElement?.closest("[data-row]") ?? null;
  const focused = row?.hasAttribute("data-episode") ? Number(row.getAttribute("data-episode")) : null;
  const targets = selecting.ids.size > 0 || focused === null ? selecting.ids : new Set([focused]);
  return {
    all: selecting.all,
    clear: selecting.clear,
    move: (direction, extend) => {
      const at = row ? Number(row.getAttribute("data-row")) : direction === 1 ? -1 : 0;
      const next = document.querySelector<HTMLElement>(`[data-row="${at + direction}"]`);
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
    help,
  };
}
