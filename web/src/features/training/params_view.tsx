import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import type { Param } from "./params.ts";
import { GROUPS } from "./params.ts";

/** A run's values; what differs from the preset is marked, and stands alone until the rest is asked for. */
export function ParamsView({ params, preset }: { params: readonly Param[]; preset: string }) {
  const changed = params.filter((param) => param.changed).length;
  const known = params.some((param) => param.preset !== null);
  const [all, setAll] = useState(false);
  const shown = all || !known ? params : params.filter((param) => param.changed);
  return (
    <div className="space-y-3">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-quiet">
        <span className="min-w-0 flex-1">
          {preset ? (
            <>
              Preset <span className="font-medium text-ink">{preset}</span>
              {known && (changed === 0 ? ", nothing changed" : `, ${changed} changed`)}
              {!known && ", which is not known here"}
            </>
          ) : (
            "No preset"
          )}
        </span>
        {known && (
          <Button look="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? "Show changed values only" : "Show all values"}
          </Button>
        )}
      </p>
      {GROUPS.map(({ group, label }) => {
        const rows = shown.filter((param) => param.group === group);
        if (rows.length === 0) return null;
        return (
          <section key={group} aria-label={label}>
            <h3 className="eyebrow mb-0.5">{label}</h3>
            <dl className="divide-y divide-line">
              {rows.map((param) => (
                <div
                  key={param.path}
                  data-param={param.path}
                  data-changed={param.changed}
                  className="flex gap-3 py-1"
                >
                  <dt className="w-2/5 shrink-0 wrap-anywhere text-quiet">{param.label}</dt>
                  <dd className="min-w-0 flex-1 wrap-anywhere">
                    <span className={param.changed ? "font-medium text-accent" : ""}>
                      {param.value || "–"}
                    </span>
                    {param.changed && param.preset !== null && (
                      <span className="ml-2 text-xs text-faint">instead of {param.preset || "nothing"}</span>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        );
      })}
    </div>
  );
}
