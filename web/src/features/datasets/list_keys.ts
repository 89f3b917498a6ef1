/** What keys do in the list of episodes. They never fire while somebody types or works a control. */
import type { KeyPress } from "./player/keys.ts";

export interface ListKeys {
  readonly all: () => void;
  readonly clear: () => void;
  /** Moves the focus; `extend` selects on the way. */
  readonly move: (direction: 1 | -1, extend: boolean) => void;
  /** Selects the focused episode or not; false where none is focused. */
  readonly toggle: () => boolean;
  readonly keep: () => void;
  readonly reject: () => void;
  readonly note: () => void;
  readonly remove: () => void;
  readonly help: () => void;
}

export const MARK_HELP = [
  { keys: ["K"], what: "Mark to keep; again to unmark" },
  { keys: ["X"], what: "Mark as rejected; again to unmark" },
  { keys: ["N"], what: "Write a note" },
] as const;

/** As the help shows them. */
export const LIST_HELP: readonly { readonly keys: readonly string[]; readonly what: string }[] = [
  { keys: ["↑", "↓"], what: "Previous or next row" },
  { keys: ["Shift ↑", "Shift ↓"], what: "Select on the way" },
  { keys: ["Space"], what: "Select the row or not" },
  { keys: ["Shift click"], what: "Select everything from the last one on" },
  { keys: ["Ctrl click"], what: "Select one more, or one less" },
  { keys: ["Ctrl A", "Esc"], what: "Select all, none" },
  ...MARK_HELP,
  { keys: ["Delete"], what: "Make a copy without the selected episodes" },
  { keys: ["?"], what: "Show these keys" },
];

/** Does what the key means; false where it means nothing. */
export function pressListKey(press: KeyPress, list: ListKeys): boolean {
  if (press.altKey) return false;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (press.ctrlKey || press.metaKey) {
    if (key !== "a") return false;
    list.all();
    return true;
  }
  switch (key) {
    case "ArrowDown":
    case "ArrowUp":
      list.move(key === "ArrowDown" ? 1 : -1, press.shiftKey);
      return true;
    case " ":
      return list.toggle();
    case "Escape":
      list.clear();
      return true;
    case "Delete":
      list.remove();
      return true;
    case "k":
      list.keep();
      return true;
    case "x":
      list.reject();
      return true;
    case "n":
      list.note();
      return true;
    case "?":
      list.help();
      return true;
    default:
      return false;
  }
}
