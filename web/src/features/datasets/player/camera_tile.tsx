import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { EpisodeKey } from "@/media/media.ts";
import { IconButton } from "@/ui/button.tsx";
import { CameraSurface } from "./camera_surface.ts";
import type { CameraState } from "./camera_surface.ts";
import type { Player } from "./player.ts";

const NOTHING: CameraState = { mode: "nothing", progress: null, width: 0, height: 0, problem: "" };
const noState = (): CameraState => NOTHING;
const noSubscription = () => () => undefined;

/**
 * One camera, in step with the others. `data-camera`, `data-mode` and `data-frame` say what is on screen,
 * for tests and for whoever wonders.
 */
export function CameraTile({
  player,
  skill,
  episode,
  camera,
  raw,
  width,
  height,
  enlarged,
  onEnlarge,
}: EpisodeKey & {
  player: Player;
  camera: string;
  /** Not stored as video. */
  raw: boolean;
  /** As the dataset declares them, 0 where it does not: for the tile's shape before the picture is there. */
  width: number;
  height: number;
  enlarged: boolean;
  /** null: there is nothing to enlarge it over. */
  onEnlarge: (() => void) | null;
}) {
  const figure = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [surface, setSurface] = useState<CameraSurface | null>(null);
  const state = useSyncExternalStore(surface?.subscribe ?? noSubscription, surface?.state ?? noState);

  useEffect(() => {
    if (!figure.current || !video.current || !canvas.current) return;
    const { dataset } = figure.current;
    const elements = { video: video.current, canvas: canvas.current };
    const made = new CameraSurface(elements, player, { skill, episode }, camera, raw, (frame) => {
      dataset["frame"] = String(frame);
    });
    const leave = player.add(made);
    setSurface(made);
    return () => {
      leave();
      made.dispose();
      delete dataset["frame"];
    };
  }, [player, skill, episode, camera, raw]);

  const [wide, high] = [state.width || width || 4, state.height || height || 3];
  const most = enlarged ? "66dvh" : "44dvh";
  return (
    <figure
      ref={figure}
      data-camera={camera}
      data-mode={state.mode}
      aria-label={`Camera ${camera}`}
      className="mx-auto min-w-0"
      style={{ width: `min(100%, ${most} * ${(wide / high).toFixed(4)})` }}
    >
      <figcaption className="flex h-9 items-center justify-between gap-2 text-xs md:h-7 font-medium text-quiet">
        <span className="truncate">{camera}</span>
        {onEnlarge && (
          <IconButton
            label={enlarged ? "Show all cameras" : `Enlarge ${camera}`}
            icon={enlarged ? "shrink" : "expand"}
            onClick={onEnlarge}
            className="-mr-1 md:size-7!"
          />
        )}
      </figcaption>
      <div
        className="relative overflow-hidden rounded-lg bg-black"
        style={{ aspectRatio: `${wide} / ${high}` }}
      >
        <video
          ref={video}
          muted
          playsInline
          disablePictureInPicture
          tabIndex={-1}
          aria-hidden="true"
          className="absolute inset-0 size-full object-contain"
        />
        <canvas
          ref={canvas}
          aria-hidden="true"
          className={`absolute inset-0 size-full object-contain ${state.mode === "video" ? "invisible" : ""}`}
        />
        <TileNote state={state} />
      </div>
    </figure>
  );
}

function TileNote({ state }: { state: CameraState }) {
  if (state.problem) {
    const alone = state.mode === "nothing";
    return (
      <p
        role="alert"
        className={`absolute text-xs text-white ${alone ? "inset-0 grid place-items-center p-6 text-center" : "inset-x-2 bottom-2 rounded bg-black/70 px-2 py-1"}`}
      >
        {state.problem}
      </p>
    );
  }
  if (state.progress !== null && state.mode !== "video") {
    const percent = Math.round(state.progress * 100);
    return (
      <div className="absolute inset-x-2 bottom-2 flex items-center gap-2 rounded bg-black/60 px-2 py-1 text-2xs text-white">
        <span>Preparing the video</span>
        <progress
          value={percent}
          max={100}
          aria-label="Preparing the video"
          className="h-1 min-w-0 flex-1 appearance-none overflow-hidden rounded-full bg-white/25 [&::-moz-progress-bar]:bg-white [&::-webkit-progress-bar]:bg-transparent [&::-webkit-progress-value]:bg-white"
        />
        <span>{percent} %</span>
      </div>
    );
  }
  if (state.mode === "nothing") {
    return (
      <span className="absolute inset-0 m-auto size-5 animate-spin rounded-full border-2 border-white/20 border-t-white/80" />
    );
  }
  return null;
}
