import { useEffect, useState } from "react";
import type { Camera, Episode } from "@/ros/messages.ts";
import { navigation, useRoute } from "@/route/navigation.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes } from "@/text/numbers.ts";
import { formatRecorded } from "@/text/time.ts";
import { Badge, Problems } from "@/ui/badge.tsx";
import { IconButton } from "@/ui/button.tsx";
import { Empty } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { CameraTile } from "./player/camera_tile.tsx";
import { Controls } from "./player/controls.tsx";
import { KeyHelp } from "./player/help.tsx";
import { belongsElsewhere, pressKey } from "./player/keys.ts";
import { usePlayer } from "./player/use_player.ts";
import { SignalsView } from "./signals/signals_view.tsx";

/** One episode: its cameras in step, and its signals. Mounted anew for another episode. */
export function EpisodePage({
  skill,
  episode,
  cameras,
  rate,
  previous,
  next,
}: {
  skill: string;
  episode: Episode;
  cameras: readonly Camera[];
  /** Of the player's clock. */
  rate: number;
  previous: number | null;
  next: number | null;
}) {
  const { time } = useRoute();
  const player = usePlayer(episode.frames, rate, time);
  const [help, setHelp] = useState(false);
  const [enlarged, setEnlarged] = useState<string | null>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || belongsElsewhere(event.target, event.key)) return;
      const goEpisode = (direction: 1 | -1): void => {
        const to = direction === 1 ? next : previous;
        if (to !== null) navigation.go({ tab: "datasets", skill, episode: to });
      };
      if (pressKey(event, { player, goEpisode, toggleHelp: () => setHelp(true) })) event.preventDefault();
    };
    // A click on one of the player's buttons leaves the focus, so that Space still plays afterwards.
    const onMouseDown = (event: MouseEvent): void => {
      if (event.target instanceof Element && event.target.closest("[data-player] button"))
        event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener("mousedown", onMouseDown);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("mousedown", onMouseDown);
    };
  }, [player, skill, previous, next]);

  const seen = cameras.filter((camera) => episode.cameras.includes(camera.name));
  const only = seen.some((camera) => camera.name === enlarged) ? enlarged : null;
  return (
    <div data-player className="flex min-h-0 flex-1 flex-col">
      <EpisodeHeader skill={skill} episode={episode} previous={previous} next={next} />
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto overscroll-contain px-4 py-3">
        <Problems tone="warn" problems={episode.problems} />
        {seen.length > 0 ? (
          <div
            className={`grid items-start gap-2 ${only === null && seen.length > 1 ? "grid-cols-[repeat(auto-fit,minmax(min(100%,17rem),1fr))]" : ""}`}
          >
            {seen.map((camera) => (
              <div key={camera.name} className="min-w-0" hidden={only !== null && only !== camera.name}>
                <CameraTile
                  player={player}
                  skill={skill}
                  episode={episode.id}
                  camera={camera.name}
                  raw={!episode.converted}
                  width={camera.width}
                  height={camera.height}
                  enlarged={only === camera.name}
                  onEnlarge={
                    seen.length > 1 ? () => setEnlarged(only === camera.name ? null : camera.name) : null
                  }
                />
              </div>
            ))}
          </div>
        ) : (
          <Empty icon="camera" title="No pictures">
            This episode has no camera.
          </Empty>
        )}
        <SignalsView skill={skill} episode={episode.id} player={player} />
      </div>
      <Controls player={player} onHelp={() => setHelp(true)} />
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

function EpisodeHeader({
  skill,
  episode,
  previous,
  next,
}: {
  skill: string;
  episode: Episode;
  previous: number | null;
  next: number | null;
}) {
  const go = (to: number | null): void => {
    if (to !== null) navigation.go({ tab: "datasets", skill, episode: to });
  };
  const facts = [formatRecorded(episode.start), formatBytes(episode.sizeBytes), episode.file];
  return (
    <header className="flex items-center gap-1 border-b border-line py-1.5 pr-2 pl-2 md:pl-4">
      <RouteLink
        to={{ tab: "datasets", skill }}
        aria-label="Back to the episodes"
        className="grid size-9 place-items-center text-quiet md:hidden"
      >
        <Icon name="back" />
      </RouteLink>
      <div className="min-w-0 flex-1">
        <h2 className="flex items-center gap-2 font-semibold">
          Episode {episode.id}
          {!episode.converted && <Badge>raw</Badge>}
          {episode.task && <span className="truncate font-normal text-quiet">{episode.task}</span>}
        </h2>
        <p className="truncate text-xs text-faint">{facts.filter(Boolean).join(" · ")}</p>
      </div>
      <IconButton
        label="Previous episode"
        icon="arrowUp"
        disabled={previous === null}
        onClick={() => go(previous)}
      />
      <IconButton label="Next episode" icon="arrowDown" disabled={next === null} onClick={() => go(next)} />
      <IconButton
        label="Close the episode"
        icon="close"
        className="max-md:hidden"
        onClick={() => navigation.go({ tab: "datasets", skill })}
      />
    </header>
  );
}
