import { useSyncExternalStore } from "react";
import { formatPosition } from "@/text/time.ts";
import { IconButton } from "@/ui/button.tsx";
import { INPUT } from "@/ui/search.tsx";
import type { Player, PlayerState } from "./player.ts";
import { SPEEDS } from "./player.ts";
import { Timeline } from "./timeline.tsx";

/** Below the cameras, in reach of a thumb: where it is, and how it moves. */
export function Controls({ player, onHelp }: { player: Player; onHelp: () => void }) {
  const state = useSyncExternalStore(player.subscribe, player.state);
  const { frame, frames, velocity, speed } = state;
  const playing = velocity !== 0;
  return (
    <div
      role="group"
      aria-label="Player"
      data-frame={frame}
      data-playing={playing}
      className="shrink-0 border-t border-line bg-surface px-4 pt-1 pb-2"
    >
      <Timeline player={player} state={state} />
      <div className="flex items-center gap-1">
        <IconButton
          label="One frame back"
          icon="previousFrame"
          onClick={() => player.step(-1)}
          className="size-11! md:size-8!"
        />
        <IconButton
          label={playing ? "Pause" : "Play"}
          icon={playing ? "pause" : "play"}
          look="primary"
          onClick={() => player.toggle()}
          className="size-11! rounded-full! md:size-8!"
        />
        <IconButton
          label="One frame forward"
          icon="nextFrame"
          onClick={() => player.step(1)}
          className="size-11! md:size-8!"
        />
        <p className="ml-2 flex min-w-0 flex-1 flex-col gap-x-3 truncate sm:flex-row">
          <span>
            <span className="font-medium">{formatPosition(frame / player.rate)}</span>
            <span className="text-faint max-sm:hidden">
              {" "}
              / {formatPosition(Math.max(0, frames - 1) / player.rate)}
            </span>
          </span>
          <span className="text-quiet">
            Frame {frame}
            <span className="text-faint"> of 0–{Math.max(0, frames - 1)}</span>
          </span>
          {note(state) && <span className="text-faint">{note(state)}</span>}
        </p>
        <label className="shrink-0">
          <span className="sr-only">Speed</span>
          <select
            value={speed}
            onChange={(event) => {
              player.setSpeed(Number(event.target.value));
              // So that the player's keys work again at once.
              event.target.blur();
            }}
            className={`${INPUT} md:py-1! pr-1!`}
          >
            {SPEEDS.map((option) => (
              <option key={option} value={option}>
                {option}×
              </option>
            ))}
          </select>
        </label>
        <IconButton label="Keys" icon="help" onClick={onHelp} className="max-md:hidden" />
      </div>
    </div>
  );
}

function note({ velocity, speed, waiting }: PlayerState): string {
  if (waiting) return "Loading…";
  if (velocity < 0) return `Backwards ${-velocity}×`;
  return velocity > 0 && velocity !== speed ? `${velocity}×` : "";
}
