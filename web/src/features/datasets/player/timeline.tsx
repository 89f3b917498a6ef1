import { useRef, useState } from "react";
import type { PointerEvent } from "react";
import { formatPosition } from "@/text/time.ts";
import { clampFrame } from "./frames.ts";
import type { Player, PlayerState } from "./player.ts";

/** The episode from first to last frame: click or drag to any. */
export function Timeline({ player, state }: { player: Player; state: PlayerState }) {
  const track = useRef<HTMLDivElement>(null);
  const resume = useRef(0);
  const [hover, setHover] = useState<number | null>(null);
  const { frame, frames } = state;
  const last = Math.max(1, frames - 1);
  const text = `Frame ${frame} of ${Math.max(0, frames - 1)}, ${formatPosition(frame / player.rate)}`;

  function frameUnder(event: PointerEvent): number {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.width === 0) return frame;
    return clampFrame(((event.clientX - box.left) / box.width) * last, frames);
  }

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, frames - 1)}
      aria-valuenow={frame}
      aria-valuetext={text}
      data-timeline
      className="group relative flex h-8 flex-1 cursor-pointer touch-none items-center rounded"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        resume.current = state.velocity;
        player.pause();
        player.seek(frameUnder(event));
      }}
      onPointerMove={(event) => {
        const under = frameUnder(event);
        setHover(under);
        if (event.currentTarget.hasPointerCapture(event.pointerId)) player.seek(under);
      }}
      onLostPointerCapture={() => {
        if (resume.current !== 0) player.move(resume.current);
        resume.current = 0;
      }}
      onPointerLeave={() => setHover(null)}
    >
      <div ref={track} className="relative h-1.5 w-full rounded-full bg-line">
        <div
          className="absolute inset-y-0 left-0 rounded-full bg-accent-fill"
          style={{ width: `${(frame / last) * 100}%` }}
        />
        {hover !== null && (
          <>
            <div className="absolute -inset-y-1 w-px bg-quiet" style={{ left: `${(hover / last) * 100}%` }} />
            <div
              className="pointer-events-none absolute bottom-5 z-10 -translate-x-1/2 rounded bg-ink px-1.5 py-0.5 text-2xs whitespace-nowrap text-surface"
              style={{ left: `clamp(3rem, ${(hover / last) * 100}%, 100% - 3rem)` }}
            >
              {hover} · {formatPosition(hover / player.rate)}
            </div>
          </>
        )}
        <div
          className="absolute top-1/2 size-3.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-2 border-surface bg-accent-fill shadow group-focus-visible:outline-2 group-focus-visible:outline-accent"
          style={{ left: `${(frame / last) * 100}%` }}
        />
      </div>
    </div>
  );
}
