import type { ReactNode } from "react";
import type { EditPlan, MergeRules } from "@/ros/editing.ts";
import { INPUT } from "@/ui/search.tsx";

/** Which rules would settle what stands in the way of a plan. */
export interface Needed {
  readonly rate: boolean;
  readonly anyWidth: boolean;
  readonly anyCameras: boolean;
}

/** From what the plan says, and from what was chosen before: a choice stays in sight. */
export function neededRules(plan: EditPlan | null, rules: MergeRules): Needed {
  const asked = new Set(plan?.problems.map((problem) => problem.rule));
  return {
    rate: rules.rate !== null || asked.has("rate"),
    anyWidth: rules.anyWidth || asked.has("any_width"),
    anyCameras: rules.anyCameras || asked.has("any_cameras"),
  };
}

/** What a merge may do although its sources differ; only what the plan asks about. */
export function MergeRulesView({
  needed,
  rules,
  rates,
  onChange,
}: {
  needed: Needed;
  rules: MergeRules;
  /** Of the sources, each once. */
  rates: readonly number[];
  onChange: (rules: MergeRules) => void;
}) {
  if (!needed.rate && !needed.anyWidth && !needed.anyCameras) return null;
  return (
    <fieldset className="space-y-2 rounded-lg border border-line px-3 py-2.5">
      <legend className="px-1 font-medium">The sources differ</legend>
      {needed.rate && (
        <label className="flex items-center gap-3">
          <span className="min-w-0 flex-1">
            Frames per second that the result declares
            <span className="block text-xs text-faint">Movements of the others seem faster or slower.</span>
          </span>
          <select
            value={rules.rate ?? ""}
            onChange={(event) =>
              onChange({ ...rules, rate: event.target.value === "" ? null : Number(event.target.value) })
            }
            className={`${INPUT} w-36! md:py-1!`}
          >
            <option value="">Not decided</option>
            {rates.map((rate) => (
              <option key={rate} value={rate}>
                {rate}
              </option>
            ))}
          </select>
        </label>
      )}
      {needed.anyCameras && (
        <Allow
          checked={rules.anyCameras}
          onChange={(anyCameras) => onChange({ ...rules, anyCameras })}
          hint="Better: give the same camera the same name, above."
        >
          Cameras may differ in name and size
        </Allow>
      )}
      {needed.anyWidth && (
        <Allow
          checked={rules.anyWidth}
          onChange={(anyWidth) => onChange({ ...rules, anyWidth })}
          hint="Most trainings can’t read that."
        >
          Actions and states may differ in width and names
        </Allow>
      )}
    </fieldset>
  );
}

function Allow({
  checked,
  onChange,
  hint,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint: string;
  children: ReactNode;
}) {
  return (
    <label className="flex items-start gap-2.5">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 accent-accent-fill"
      />
      <span>
        {children}
        <span className="block text-xs text-faint">{hint}</span>
      </span>
    </label>
  );
}
