import { useMemo, useState } from "react";
import { usePalette } from "@/ui/chart/palette.ts";
import { roundStep } from "@/ui/chart/scales.ts";
import { useWidth } from "@/ui/width.ts";
import type { Axes, CurveGroup, Series } from "./curve_scale.ts";
import { axesOf, heightOf, nearest } from "./curve_scale.ts";
import { lossText } from "./run_words.ts";

const LEFT = 48;
const BOTTOM = 20;
const TOP = 6;
const RIGHT = 8;

/** Charts over the optimiser's steps; all of them point at the same step. */
export function Curves({ groups }: { groups: readonly CurveGroup[] }) {
  const [step, setStep] = useState<number | null>(null);
  return (
    <div className="space-y-5">
      {groups.map((group, index) => (
        <CurveChart
          key={group.name}
          group={group}
          height={index === 0 ? 220 : 120}
          step={step}
          onStep={setStep}
        />
      ))}
    </div>
  );
}

function CurveChart({
  group,
  height,
  step,
  onStep,
}: {
  group: CurveGroup;
  height: number;
  step: number | null;
  onStep: (step: number | null) => void;
}) {
  const { width, ref } = useWidth();
  const palette = usePalette();
  const axes = useMemo(() => axesOf(group.series), [group]);
  const colours = palette.colours(Math.max(0, ...group.series.map((series) => series.colour)) + 1);
  const plot = { width: Math.max(1, width - LEFT - RIGHT), height: height - TOP - BOTTOM };
  const x = (at: number): number => LEFT + ((at - axes.first) / (axes.last - axes.first)) * plot.width;
  const y = (value: number): number => TOP + (1 - heightOf(value, axes)) * plot.height;

  return (
    <figure aria-label={`Curve of ${group.name}`} data-curve={group.name}>
      <figcaption className="mb-1.5 flex flex-wrap items-baseline gap-x-4 gap-y-1 text-xs">
        {group.series.map((series) => (
          <Legend key={series.label} series={series} colour={colours[series.colour] ?? ""} step={step} />
        ))}
        <span className="ml-auto text-faint">
          {step === null ? "" : `step ${step.toLocaleString("en")}`}
          {axes.log && (step === null ? "logarithmic" : " · logarithmic")}
        </span>
      </figcaption>
      <div
        ref={ref}
        className="cursor-crosshair touch-pan-y"
        style={{ height }}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const part = Math.min(1, Math.max(0, (event.clientX - box.left - LEFT) / plot.width));
          const under = axes.first + part * (axes.last - axes.first);
          const known = group.series[0]?.steps ?? [];
          onStep(known[nearest(known, under)] ?? Math.round(under));
        }}
        onPointerLeave={() => onStep(null)}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true" className="block overflow-visible">
            {axes.y.ticks.map((tick) => (
              <g key={tick}>
                <line
                  x1={LEFT}
                  x2={width - RIGHT}
                  y1={Math.round(y(tick)) + 0.5}
                  y2={Math.round(y(tick)) + 0.5}
                  className="stroke-line"
                />
                <text
                  x={LEFT - 6}
                  y={y(tick)}
                  textAnchor="end"
                  dominantBaseline="central"
                  className="fill-faint text-2xs"
                >
                  {lossText(tick)}
                </text>
              </g>
            ))}
            <StepAxis axes={axes} x={x} y={height - 4} width={width} />
            {group.series.map((series) => (
              <polyline
                key={series.label}
                points={series.steps.map((at, i) => `${x(at)},${y(series.values[i] ?? 0)}`).join(" ")}
                fill="none"
                stroke={colours[series.colour]}
                strokeWidth={1.6}
                strokeLinejoin="round"
                strokeDasharray={series.dashed ? "4 3" : undefined}
              />
            ))}
            {step !== null && step >= axes.first && step <= axes.last && (
              <>
                <line x1={x(step)} x2={x(step)} y1={TOP} y2={TOP + plot.height} className="stroke-edge" />
                {group.series.map((series) => {
                  const index = nearest(series.steps, step);
                  if (index < 0) return null;
                  return (
                    <circle
                      key={series.label}
                      cx={x(series.steps[index] ?? 0)}
                      cy={y(series.values[index] ?? 0)}
                      r={3}
                      fill={colours[series.colour]}
                    />
                  );
                })}
              </>
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

function StepAxis({
  axes,
  x,
  y,
  width,
}: {
  axes: Axes;
  x: (at: number) => number;
  y: number;
  width: number;
}) {
  const step = Math.max(1, roundStep((axes.last - axes.first) / (width > 500 ? 6 : 3)));
  const ticks: number[] = [];
  for (let at = Math.ceil(axes.first / step) * step; at <= axes.last; at += step) ticks.push(at);
  return ticks.map((at) => (
    <text
      key={at}
      x={x(at)}
      y={y}
      textAnchor={x(at) > width - 60 ? "end" : "middle"}
      className="fill-faint text-2xs"
    >
      {at.toLocaleString("en")}
    </text>
  ));
}

function Legend({ series, colour, step }: { series: Series; colour: string; step: number | null }) {
  const index = step === null ? series.values.length - 1 : nearest(series.steps, step);
  return (
    <span className="inline-flex items-center gap-1.5">
      <svg width="14" height="4" aria-hidden="true">
        <line
          x2="14"
          y1="2"
          y2="2"
          stroke={colour}
          strokeWidth="2"
          strokeDasharray={series.dashed ? "4 3" : undefined}
        />
      </svg>
      <span className="text-quiet">{series.label}</span>
      <span className="font-medium">{lossText(series.values[index] ?? Number.NaN)}</span>
    </span>
  );
}
