import type { Preset } from "@/ros/training.ts";

/** What a run may cost. */
export interface Cost {
  readonly hours: number;
  readonly gpus: number;
  /** USD for one GPU and hour; 0: unknown. */
  readonly price: number;
  /** USD at most; null where the price is unknown. */
  readonly most: number | null;
  /** USD. */
  readonly budget: number;
  /** Whether it may end by its budget before its deadline. */
  readonly over: boolean;
}

/** The cost of a run with these texts for hours, GPUs at most and budget; null while one makes no sense. */
export function costOf(
  preset: Preset,
  texts: { readonly hours: string; readonly gpus: string; readonly budget: string },
): Cost | null {
  const [hours, gpus, budget] = [
    given(texts.hours, preset.hours),
    given(texts.gpus, preset.maxGpus),
    given(texts.budget, preset.budget),
  ];
  if (hours === null || gpus === null || budget === null) return null;
  const price = preset.gpuHourPrice;
  const most = gpus === 0 ? 0 : price > 0 ? hours * gpus * price : null;
  return { hours, gpus, price, most, budget, over: most !== null && budget > 0 && most > budget };
}

function given(text: string, preset: number): number | null {
  if (text.trim() === "") return preset;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `$1,234`, `$2.50`, `less than $0.01`. */
export function formatMoney(usd: number): string {
  if (usd > 0 && usd < 0.01) return "less than $0.01";
  const whole = Number.isInteger(usd);
  const digits = { minimumFractionDigits: whole ? 0 : 2, maximumFractionDigits: whole ? 0 : 2 };
  return `$${usd.toLocaleString("en", digits)}`;
}
