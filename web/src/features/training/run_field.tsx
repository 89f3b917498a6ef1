import { useId } from "react";
import { IconButton } from "@/ui/button.tsx";
import { INPUT } from "@/ui/search.tsx";
import type { Field } from "./fields.ts";
import { rangeText } from "./run_form.ts";

/** A field of a new run: what it means, its range, whether it was changed, and the way back to the preset. */
export function RunField({
  field,
  text,
  changed,
  problem,
  onChange,
  onReset,
}: {
  field: Field;
  text: string;
  changed: boolean;
  problem: string | undefined;
  onChange: (text: string) => void;
  onReset: () => void;
}) {
  const id = useId();
  const helpId = `${id}-help`;
  const shared = {
    id,
    value: text,
    "aria-invalid": problem !== undefined,
    "aria-describedby": helpId,
    autoComplete: "off",
    spellCheck: false,
    placeholder: field.preset.replaceAll("\n", " "),
  } as const;
  const range = rangeText(field);
  const isNumber = field.kind === "integer" || field.kind === "number";
  return (
    <div data-field={field.path} data-changed={changed} className="min-w-0">
      <div className="mb-1 flex min-h-6 items-center gap-1.5">
        <label
          htmlFor={id}
          className={`min-w-0 truncate font-medium ${field.group === "hyperparameters" || field.group === "environment" ? "font-mono text-xs" : ""} ${changed ? "text-accent" : ""}`}
        >
          {field.label}
        </label>
        {field.unit && <span className="text-xs text-faint">{field.unit}</span>}
        {changed && (
          <>
            <span className="shrink-0 rounded bg-accent-soft px-1 text-2xs font-medium text-accent">
              changed
            </span>
            <IconButton
              label={`Reset ${field.label} to ${field.preset}`}
              icon="undo"
              onClick={onReset}
              className="-my-3 ml-auto shrink-0 md:-my-1 md:size-7!"
            />
          </>
        )}
      </div>
      {field.kind === "list" ? (
        <textarea
          rows={2}
          onChange={(event) => onChange(event.target.value)}
          className={`${INPUT} field-sizing-content max-h-60 resize-y font-mono`}
          {...shared}
        />
      ) : (
        <input
          inputMode={field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : "text"}
          onChange={(event) => onChange(event.target.value)}
          className={`${INPUT} ${changed && !problem ? "border-accent!" : ""}`}
          {...shared}
        />
      )}
      <p id={helpId} className="mt-1 text-xs text-faint">
        {problem && <span className="mb-0.5 block font-medium text-danger">{problem}</span>}
        {sentence(field.help)}
        {isNumber && range && <span className="whitespace-nowrap"> {capital(range)}.</span>}
        {field.kind === "list" && " One on each line."}
        {changed && field.kind !== "list" && (
          <span>
            {field.followsGpus ? " Unless set:" : " Preset:"} {field.preset || "nothing"}.
          </span>
        )}
      </p>
    </div>
  );
}

/** Servers write help with a full stop or without. */
function sentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
