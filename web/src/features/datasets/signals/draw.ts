import type { Signal } from "@/media/media.ts";
import { formatValue } from "@/text/numbers.ts";
import type { Scale } from "@/ui/chart/scales.ts";

export const AXIS_WIDTH = 44;
const PAD = 6;

export interface Look {
  readonly line: string;
  readonly text: string;
  readonly font: string;
  /** One a column. */
  readonly colours: readonly string[];
}

/** Draws one chart: the axis, and a curve for each shown column. Sizes in CSS pixels. */
export function drawChart(
  canvas: HTMLCanvasElement,
  size: { readonly width: number; readonly height: number; readonly density: number },
  signal: Signal,
  shown: readonly number[],
  scale: Scale,
  look: Look,
): void {
  const { width, height, density } = size;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  const y = (value: number): number =>
    PAD + (1 - (value - scale.low) / (scale.high - scale.low)) * (height - 2 * PAD);

  pen.font = look.font;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  for (const tick of scale.ticks) {
    const line = Math.round(y(tick)) + 0.5;
    pen.strokeStyle = look.line;
    pen.beginPath();
    pen.moveTo(AXIS_WIDTH, line);
    pen.lineTo(width, line);
    pen.stroke();
    pen.fillStyle = look.text;
    pen.fillText(formatValue(tick, 3), AXIS_WIDTH - 6, line);
  }

  const last = Math.max(1, signal.values.length - 1);
  const step = (width - AXIS_WIDTH) / last;
  pen.lineWidth = 1.4;
  pen.lineJoin = "round";
  for (const column of shown) {
    pen.strokeStyle = look.colours[column] ?? look.text;
    pen.beginPath();
    let drawing = false;
    for (const [row, values] of signal.values.entries()) {
      const value = values[column];
      if (value === null || value === undefined) {
        drawing = false;
        continue;
      }
      const x = AXIS_WIDTH + row * step;
      if (drawing) pen.lineTo(x, y(value));
      else pen.moveTo(x, y(value));
      drawing = true;
    }
    pen.stroke();
  }
}
