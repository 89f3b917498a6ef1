import { useId, useState } from "react";
import type { Dispatch } from "react";
import type { MetadataField } from "@/ros/messages.ts";
import { INPUT } from "@/ui/search.tsx";
import { Segmented } from "@/ui/segmented.tsx";
import type { EditAction, Edits } from "./edits.ts";
import { EXECUTION, executionIsBroken, executionText, fieldProblem, fieldText } from "./edits.ts";
import { FieldInput } from "./field_input.tsx";

/** The execution block: a form for its known fields, or all of it as JSON. Both edit the same draft. */
export function ExecutionEditor({
  edits,
  fields,
  act,
}: {
  edits: Edits;
  fields: readonly MetadataField[];
  act: Dispatch<EditAction>;
}) {
  const [wanted, setWanted] = useState<"form" | "json">("form");
  const noForm = fields.length === 0 || executionIsBroken(edits) || edits.problems[EXECUTION] !== undefined;
  const mode = noForm ? "json" : wanted;
  return (
    <section aria-label="Execution" className="space-y-4 border-t border-line pt-4">
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-base font-semibold">Execution</h2>
        {fields.length > 0 && (
          <Segmented
            label="Edit execution as"
            value={mode}
            onChange={setWanted}
            options={[
              { value: "form", label: "Form" },
              { value: "json", label: "JSON" },
            ]}
          />
        )}
      </div>
      {mode === "json" ? (
        <ExecutionJson edits={edits} act={act} />
      ) : (
        <div className="@container">
          <div className="grid gap-x-5 gap-y-4 @lg:grid-cols-2">
            {fields.map((field) => (
              <div key={field.path} className={isWide(field) ? "@lg:col-span-2" : ""}>
                <FieldInput
                  field={field}
                  text={fieldText(edits, field)}
                  problem={fieldProblem(edits, field.path)}
                  onChange={(text) => act({ type: "typed", field, text })}
                />
              </div>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

function isWide(field: MetadataField): boolean {
  return !["integer", "number", "choice"].includes(field.kind);
}

function ExecutionJson({ edits, act }: { edits: Edits; act: Dispatch<EditAction> }) {
  const id = useId();
  const text = executionText(edits);
  const refused = edits.refused.filter(({ field }) => field.startsWith(`${EXECUTION}.`));
  const problem = fieldProblem(edits, EXECUTION);
  return (
    <div data-field={EXECUTION}>
      <textarea
        aria-label="Execution as JSON"
        aria-invalid={problem !== undefined || refused.length > 0}
        aria-describedby={id}
        value={text}
        rows={Math.min(30, Math.max(8, text.split("\n").length))}
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => act({ type: "typed execution", text: event.target.value })}
        className={`${INPUT} resize-y font-mono leading-5`}
      />
      <div id={id} className="mt-1 text-xs text-faint">
        {problem && <p className="font-medium text-danger">{problem}</p>}
        {refused.map(({ field, message }) => (
          <p key={field} className="font-medium text-danger">
            {field}: {message}
          </p>
        ))}
        <p>null stands for the default; a key that is removed here is saved as null.</p>
      </div>
    </div>
  );
}
