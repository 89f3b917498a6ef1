import type { Preset } from "@/ros/training.ts";
import { formatCount } from "@/text/numbers.ts";
import { costOf, formatMoney } from "./cost.ts";
import type { Draft } from "./run_form.ts";

/** Hours × GPUs × price against the budget. */
export function CostLine({ draft, preset }: { draft: Draft; preset: Preset }) {
  const text = (path: string): string => draft.texts[path] ?? "";
  const cost = costOf(preset, { hours: text("hours"), gpus: text("max_gpus"), budget: text("budget") });
  if (!cost) return <p className="text-faint">The cost can’t be told yet.</p>;
  const { hours, gpus, price, most, budget, over } = cost;
  const parts = [`${hours.toLocaleString("en")} h`, formatCount(gpus, "GPU")];
  return (
    <p data-cost className={over ? "text-warn" : "text-quiet"}>
      {gpus === 0 ? (
        "No GPU asked for."
      ) : (
        <>
          {[...parts, ...(price > 0 ? [formatMoney(price)] : [])].join(" × ")}
          {most === null
            ? ` = ${formatCount(hours * gpus, "GPU hour")} at most; the price is not known here`
            : ` = ${formatMoney(most)} at most`}
          {budget > 0 && <span className="whitespace-nowrap">, budget {formatMoney(budget)}</span>}
          {over && ": it may end by its budget before it is done."}
        </>
      )}
    </p>
  );
}
