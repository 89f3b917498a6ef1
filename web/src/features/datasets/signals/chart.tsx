import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { PointerEvent } from "react";
import type { Signal } from "@/media/media.ts";
import { formatValue } from "@/text/numbers.ts";
import { usePalette } from "@/ui/chart/palette.ts";
import { valueScale } from "@/ui/chart/scales.ts";
import { useWidth } from "@/ui/width.ts";
import { clampFrame } from "../player/frames.ts";
import type { Player } from "../player/player.ts";
import { AXIS_WIDTH, drawChart } from "./draw.ts";
import { extent, rowOfFrame } from "./scales.ts";

const HEIGHT = 140;

/** One signal over the episode, with a cursor in step with the player. Click to go there. */
export function Chart({ signal, player }: { signal: Signal; player: Player }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, ref } = useWidth();
  const palette = usePalette();
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [hover, setHover] = useState<number | null>(null);
  const columns = signal.values[0]?.length ?? signal.names.length;
  const colours = useMemo(() => palette.colours(columns), [palette, columns]);
  const shown = useMemo(
    () => Array.from({ length: columns }, (_, column) => column).filter((column) => !hidden.has(column)),
    [columns, hidden],
  );
  const scale = useMemo(() => {
    const [low, high] = extent(signal.values, shown);
    return valueScale(low, high, 4);
  }, [signal, shown]);

  useEffect(() => {
    if (!canvas.current || width <= AXIS_WIDTH) return;
    const size = { width, height: HEIGHT, density: window.devicePixelRatio };
    drawChart(canvas.current, size, signal, shown, scale, { ...palette, colours });
  }, [width, signal, shown, scale, palette, colours]);

  const { frame, frames } = useSyncExternalStore(player.subscribe, player.state);
  const last = Math.max(1, frames - 1);
  const plot = Math.max(0, width - AXIS_WIDTH);
  const at = hover ?? frame;
  const hasUnits = signal.units.some(Boolean);

  function frameUnder(event: PointerEvent<HTMLDivElement>): number {
    const box = event.currentTarget.getBoundingClientRect();
    return clampFrame(((event.clientX - box.left - AXIS_WIDTH) / Math.max(1, plot)) * last, frames);
  }

  function toggle(column: number, alone: boolean): void {
    const others = Array.from({ length: columns }, (_, other) => other).filter((other) => other !== column);
    if (alone) {
      // A second time brings the others back.
      const isAlone = shown.length === 1 && shown[0] === column;
      setHidden(new Set(isAlone ? [] : others));
      return;
    }
    const next = new Set(hidden);
    if (!next.delete(column)) next.add(column);
    setHidden(next);
  }

  return (
    <section aria-label={`Signal ${signal.name}`} data-signal={signal.name} className="@container">
      <div className="flex flex-col gap-x-4 gap-y-1 @xl:flex-row">
        <div className="min-w-0 flex-1">
          <h3 className="mb-1 text-xs font-semibold">{signal.name}</h3>
          <div
            ref={ref}
            className="relative cursor-crosshair touch-pan-y"
            style={{ height: HEIGHT }}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              if (event.pointerType === "mouse") event.currentTarget.setPointerCapture(event.pointerId);
              player.seek(frameUnder(event));
            }}
            onPointerMove={(event) => {
              const under = frameUnder(event);
              setHover(under);
              if (event.currentTarget.hasPointerCapture(event.pointerId)) player.seek(under);
            }}
            onPointerLeave={() => setHover(null)}
          >
            <canvas ref={canvas} aria-hidden="true" className="absolute inset-0 size-full" />
            {hover !== null && <Cursor x={AXIS_WIDTH + (hover / last) * plot} look="bg-edge" />}
            <Cursor x={AXIS_WIDTH + (frame / last) * plot} look="bg-accent" />
          </div>
        </div>
        <ul
          aria-label={`Curves of ${signal.name}`}
          className="grid grid-cols-2 content-start md:max-h-40 gap-x-2 overflow-y-auto text-2xs @xl:w-56 @xl:grid-cols-1 @xl:pt-5"
        >
          {Array.from({ length: columns }, (_, column) => (
            <li key={column}>
              <button
                type="button"
                aria-pressed={!hidden.has(column)}
                title="Click to hide or show, double-click to see it alone"
                onClick={() => toggle(column, false)}
                onDoubleClick={() => toggle(column, true)}
                className="flex w-full items-center gap-1.5 rounded px-1 leading-11 hover:bg-hover md:leading-5 aria-[pressed=false]:opacity-40"
              >
                <span className="h-0.5 w-3 shrink-0 rounded" style={{ background: colours[column] }} />
                <span className="min-w-0 flex-1 truncate text-left text-quiet">
                  {signal.names[column] ?? `${signal.name}[${column}]`}
                </span>
                <span className="font-medium">
                  {formatValue(
                    signal.values[rowOfFrame(at, frames, signal.values.length)]?.[column] ?? Number.NaN,
                  )}
                </span>
                {hasUnits && (
                  <span className="w-7 shrink-0 text-left text-faint">{signal.units[column]}</span>
                )}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Cursor({ x, look }: { x: number; look: string }) {
  return (
    <div
      aria-hidden="true"
      className={`pointer-events-none absolute inset-y-0 left-0 w-px ${look}`}
      style={{ transform: `translateX(${x}px)` }}
    />
  );
}
