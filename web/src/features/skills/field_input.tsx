import { useId } from "react";
import type { MetadataField } from "@/ros/messages.ts";
import { INPUT } from "@/ui/search.tsx";
import { PoseInput, PoseListInput } from "./pose_input.tsx";

export interface FieldProps {
  readonly field: MetadataField;
  readonly text: string;
  readonly problem: string | undefined;
  readonly onChange: (text: string) => void;
}

/** A field with its label, what it means, its unit and limits, and what is wrong with it. */
export function FieldInput({ field, text, problem, onChange }: FieldProps) {
  const id = useId();
  const helpId = `${id}-help`;
  const grouped = field.kind === "pose" || field.kind === "pose_list";
  const Label = grouped ? "span" : "label";
  return (
    <div className="@container" data-field={field.path}>
      <div className="mb-1 flex items-baseline gap-1.5 text-sm">
        <Label {...(grouped ? {} : { htmlFor: id })} className="font-medium">
          {field.label}
        </Label>
        {field.unit && <span className="text-xs text-faint">{field.unit}</span>}
        {field.required && <span className="text-xs text-faint">required</span>}
      </div>
      <Control field={field} text={text} problem={problem} onChange={onChange} id={id} helpId={helpId} />
      <p id={helpId} className="mt-1 text-xs text-faint">
        {problem && <span className="mb-0.5 block font-medium text-danger">{problem}</span>}
        {field.description} {limits(field)}
      </p>
    </div>
  );
}

function Control({
  field,
  text,
  problem,
  onChange,
  id,
  helpId,
}: FieldProps & { id: string; helpId: string }) {
  const shared = { "aria-invalid": problem !== undefined, "aria-describedby": helpId };
  switch (field.kind) {
    case "pose":
    case "pose_list": {
      const Input = field.kind === "pose" ? PoseInput : PoseListInput;
      return (
        <Input
          label={field.label}
          text={text}
          onChange={onChange}
          invalid={problem !== undefined}
          describedBy={helpId}
        />
      );
    }
    case "choice":
      return (
        <select
          id={id}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className={INPUT}
          {...shared}
        >
          {!field.required && <option value="">{defaultText(field) || "Default"}</option>}
          {[...new Set([...field.choices, ...(text ? [text] : [])])].map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    case "text":
    case "object":
      return (
        <textarea
          id={id}
          value={text}
          rows={field.kind === "text" ? 4 : 6}
          spellCheck={field.kind === "text"}
          onChange={(event) => onChange(event.target.value)}
          className={`${INPUT} min-h-16 resize-y field-sizing-content max-h-96 ${field.kind === "object" ? "font-mono" : ""}`}
          {...shared}
        />
      );
    case "integer":
    case "number":
    case "string":
      return (
        <input
          id={id}
          value={text}
          inputMode={field.kind === "string" ? "text" : field.kind === "integer" ? "numeric" : "decimal"}
          autoComplete="off"
          spellCheck={false}
          placeholder={defaultText(field)}
          onChange={(event) => onChange(event.target.value)}
          className={INPUT}
          {...shared}
        />
      );
  }
}

function defaultText(field: MetadataField): string {
  if (field.defaultJson === "null" || field.defaultJson === '""') return "";
  return `Default: ${field.defaultJson.replace(/^"(.*)"$/, "$1")}`;
}

function limits({ minimum, maximum, exclusiveMinimum }: MetadataField): string {
  if (minimum !== null && maximum !== null) return `${minimum} to ${maximum}.`;
  if (minimum !== null) return exclusiveMinimum ? `More than ${minimum}.` : `At least ${minimum}.`;
  return maximum === null ? "" : `At most ${maximum}.`;
}
