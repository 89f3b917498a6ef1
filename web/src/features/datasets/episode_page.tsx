import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { Camera, Episode } from "@/ros/messages.ts";
import { navigation, useRoute } from "@/route/navigation.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes } from "@/text/numbers.ts";
import { formatRecorded } from "@/text/time.ts";
import { Badge, Notice, Problems } from "@/ui/badge.tsx";
import { IconButton } from "@/ui/button.tsx";
import { Empty } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { VerdictBadge } from "./marks_view.tsx";
import { EpisodeMarks } from "./episode_marks.tsx";
import { CameraTile } from "./player/camera_tile.tsx";
import { Controls } from "./player/controls.tsx";
import { KeyHelp } from "./player/help.tsx";
import { belongsElsewhere, pressKey } from "./player/keys.ts";
import { usePlayer } from "./player/use_player.ts";
import { SignalsView } from "./signals/signals_view.tsx";
import type { Marks } from "./use_marks.ts";

/** One episode: its cameras in step, and its signals. Mounted anew for another episode. */
export function EpisodePage({
  skill,
  episode,
  cameras,
  rate,
  previous,
  next,
  marks,
  onNote,
  findings,
}: {
  skill: string;
  episode: Episode;
  cameras: readonly Camera[];
  /** Of the player's clock. */
  rate: number;
  previous: number | null;
  next: number | null;
  marks: Marks;
  /** Opens the note of this episode. */
  onNote: () => void;
  findings: ReactNode;
}) {
  const { time } = useRoute();
  const player = usePlayer(episode.frames, rate, time);
  const [help, setHelp] = useState(false);
  const [enlarged, setEnlarged] = useState<string | null>(null);
  const mark = useRef<(what: "keep" | "reject" | "note") => void>(() => undefined);
  useEffect(() => {
    mark.current = (what) => {
      if (what === "note") onNote();
      else marks.judge(new Set([episode.id]), what);
    };
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || belongsElsewhere(event.target, event.key)) return;
      const goEpisode = (direction: 1 | -1): void => {
        const to = direction === 1 ? next : previous;
        if (to !== null) navigation.go({ tab: "datasets", skill, episode: to });
      };
      const keys = {
        player,
        goEpisode,
        toggleHelp: () => setHelp(true),
        mark: (what: "keep" | "reject" | "note") => mark.current(what),
      };
      if (pressKey(event, keys)) event.preventDefault();
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
      <EpisodeHeader
        skill={skill}
        episode={episode}
        previous={previous}
        next={next}
        marks={<EpisodeMarks episode={episode} marks={marks} onNote={onNote} />}
      />
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto overscroll-contain px-4 py-3">
        {marks.problem && <Notice tone="danger">{marks.problem}</Notice>}
        <Problems tone="warn" problems={episode.problems} />
        {episode.note && (
          <p className="flex gap-2 rounded-lg bg-sunken px-3 py-2 whitespace-pre-wrap wrap-anywhere">
            <Icon name="note" className="mt-0.5 text-faint" />
            <span className="sr-only">Note: </span>
            {episode.note}
          </p>
        )}
        {findings}
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
            {episode.problems.length > 0 ? "They can’t be read." : "This episode has no camera."}
          </Empty>
        )}
        {episode.frames > 0 && <SignalsView skill={skill} episode={episode.id} player={player} />}
      </div>
      {episode.frames > 0 && <Controls player={player} onHelp={() => setHelp(true)} />}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

function EpisodeHeader({
  skill,
  episode,
  previous,
  next,
  marks,
}: {
  skill: string;
  episode: Episode;
  previous: number | null;
  next: number | null;
  marks: ReactNode;
}) {
  const go = (to: number | null): void => {
    if (to !== null) navigation.go({ tab: "datasets", skill, episode: to });
  };
  const facts = [formatRecorded(episode.start), formatBytes(episode.sizeBytes), episode.file];
  return (
    <header className="flex flex-wrap items-center gap-1 border-b border-line py-1.5 pr-2 pl-2 max-md:pb-1 md:pl-4">
      <RouteLink
        to={{ tab: "datasets", skill }}
        aria-label="Back to the episodes"
        className="grid size-11 place-items-center text-quiet md:hidden"
      >
        <Icon name="back" />
      </RouteLink>
      <div className="min-w-0 flex-1">
        <h2 className="flex items-center gap-2 font-semibold">
          <span className="shrink-0">Episode {episode.id}</span>
          {!episode.converted && <Badge>raw</Badge>}
          <VerdictBadge verdict={episode.verdict} />
          {episode.task && <span className="truncate font-normal text-quiet">{episode.task}</span>}
        </h2>
        <p className="truncate text-xs text-faint">{facts.filter(Boolean).join(" · ")}</p>
      </div>
      <div className="max-md:order-last max-md:flex max-md:basis-full">{marks}</div>
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
