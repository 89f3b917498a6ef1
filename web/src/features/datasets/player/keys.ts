/** What the player's keys do. They never fire while somebody types or works a control. */
import type { Player } from "./player.ts";

export interface PlayerKeys {
  readonly player: Player;
  /** To the next (1) or previous (-1) episode. */
  readonly goEpisode: (direction: 1 | -1) => void;
  readonly toggleHelp: () => void;
  readonly mark: (what: "keep" | "reject" | "note") => void;
}

/** As the help shows them. */
export const KEY_HELP: readonly { readonly keys: readonly string[]; readonly what: string }[] = [
  { keys: ["Space"], what: "Play or pause" },
  { keys: ["←", "→"], what: "One frame back or forward" },
  { keys: ["Shift ←", "Shift →"], what: "Ten frames back or forward" },
  { keys: ["J", "K", "L"], what: "Backwards, pause, forwards; again for faster" },
  { keys: ["Home", "End"], what: "First or last frame" },
  { keys: ["↑", "↓"], what: "Previous or next episode" },
  { keys: ["K"], what: "At rest: mark to keep; again to unmark" },
  { keys: ["X"], what: "Mark as rejected; again to unmark" },
  { keys: ["N"], what: "Write a note" },
  { keys: ["?"], what: "Show or hide these keys" },
];

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Does what the key means; false where it means nothing. */
export function pressKey(press: KeyPress, { player, goEpisode, toggleHelp, mark }: PlayerKeys): boolean {
  if (press.ctrlKey || press.metaKey || press.altKey) return false;
  const step = press.shiftKey ? 10 : 1;
  switch (press.key.length === 1 ? press.key.toLowerCase() : press.key) {
    case " ":
      player.toggle();
      return true;
    case "ArrowLeft":
      player.step(-step);
      return true;
    case "ArrowRight":
      player.step(step);
      return true;
    case "ArrowUp":
      goEpisode(-1);
      return true;
    case "ArrowDown":
      goEpisode(1);
      return true;
    case "Home":
      player.step(-Infinity);
      return true;
    case "End":
      player.step(Infinity);
      return true;
    case "j":
      player.shuttle(-1);
      return true;
    case "k":
      if (player.state().velocity === 0) mark("keep");
      else player.pause();
      return true;
    case "x":
      mark("reject");
      return true;
    case "n":
      mark("note");
      return true;
    case "l":
      player.shuttle(1);
      return true;
    case "?":
      toggleHelp();
      return true;
    default:
      return false;
  }
}

/** Where keys belong to what has the focus: text fields, choices, and open dialogs. */
export function belongsElsewhere(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  // Whatever has the focus: an open dialog is all there is.
  if (target.ownerDocument.querySelector("dialog[open]")) return true;
  if (
    target.closest(
      "input:not([type=range]), textarea, select, [contenteditable], dialog, [role=menu], [role=log]",
    )
  )
    return true;
  // Space presses a focused button.
  return key === " " && target.closest("button, summary, label") !== null;
}
