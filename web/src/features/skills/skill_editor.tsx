import { useCallback, useEffect, useReducer, useState } from "react";
import type { SkillDetail } from "@/ros/commands.ts";
import { CommandError } from "@/ros/commands.ts";
import type { FieldError, MetadataField } from "@/ros/messages.ts";
import { useLeaveGuard } from "@/route/guard.ts";
import { useCommands } from "@/state/panel.tsx";
import { Attention } from "@/ui/attention.tsx";
import { Button } from "@/ui/button.tsx";
import { LeaveDialog } from "@/ui/leave_dialog.tsx";
import { Refusal } from "@/ui/refusal.tsx";
import { Conflict } from "./conflict.tsx";
import type { Edits } from "./edits.ts";
import {
  EXECUTION,
  canSave,
  edit,
  fieldProblem,
  fieldText,
  isDirty,
  patchOf,
  startEditing,
  stored,
} from "./edits.ts";
import { ExecutionEditor } from "./execution_editor.tsx";
import { FieldInput } from "./field_input.tsx";

const TEXTS = ["name", "guidelines", "guidelines_when_running"];

/** The form for what a person edits of a skill. Mounted anew for another skill. */
export function SkillEditor({ detail }: { detail: SkillDetail }) {
  const commands = useCommands();
  const [edits, act] = useReducer(edit, detail, (first) =>
    startEditing(stored(first.metadataJson, first.revision)),
  );
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const dirty = isDirty(edits);
  const leaving = useLeaveGuard(dirty);

  useEffect(() => {
    act({ type: "arrived", stored: stored(detail.metadataJson, detail.revision) });
  }, [detail.metadataJson, detail.revision]);

  const save = useCallback(async () => {
    if (!canSave(edits) || saving) return;
    setSaving(true);
    setFailure(null);
    try {
      const { name } = detail.skill;
      const result = await commands.updateSkill(name, edits.base.revision, JSON.stringify(patchOf(edits)));
      act({ type: result.saved ? "saved" : "arrived", stored: stored(result.metadataJson, result.revision) });
    } catch (error) {
      const errors = error instanceof CommandError ? error.fields : [];
      act({ type: "refused", errors });
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving(false);
    }
  }, [commands, detail.skill, edits, saving]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void save();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [save]);

  const texts = TEXTS.map((path) => detail.fields.find((field) => field.path === path)).filter(
    (field) => field !== undefined,
  );
  const execution = detail.fields.filter((field) => field.path.startsWith(`${EXECUTION}.`));
  const wrong = wrongField(edits, detail.fields);
  const elsewhere = errorsElsewhere(edits, detail.fields);

  return (
    <form
      aria-label="Settings"
      className="max-w-2xl min-w-0 flex-1"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="space-y-5">
        {texts.map((field) => (
          <FieldInput
            key={field.path}
            field={field}
            text={fieldText(edits, field)}
            problem={fieldProblem(edits, field.path)}
            onChange={(text) => act({ type: "typed", field, text })}
          />
        ))}
        <ExecutionEditor edits={edits} fields={execution} act={act} />
      </div>
      <div
        hidden={!dirty && !saving}
        className="sticky -bottom-4 z-10 -mx-4 mt-5 space-y-2 border-t border-line bg-surface px-4 py-3 md:-bottom-5 md:-mx-1 md:px-1"
      >
        {edits.theirs && <Conflict edits={edits} act={act} />}
        {failure && dirty && <Refusal message={failure} elsewhere={elsewhere} />}
        <div className="flex items-center justify-end gap-2">
          <span role="status" className="mr-auto text-faint">
            {saving ? "Saving…" : dirty && Object.keys(edits.problems).length === 0 ? "Unsaved changes" : ""}
          </span>
          {wrong && <Attention {...wrong} />}
          <Button
            disabled={!dirty || saving}
            onClick={() => {
              setFailure(null);
              act({ type: "discard" });
            }}
          >
            Discard
          </Button>
          <Button look="primary" type="submit" disabled={!canSave(edits) || saving}>
            Save
          </Button>
        </div>
      </div>
      <LeaveDialog
        leaving={leaving}
        title="Discard unsaved changes?"
        text={`What you changed in “${detail.skill.displayName}” is not saved yet.`}
        leave="Discard changes"
        stay="Keep editing"
      />
    </form>
  );
}

/** The first field whose text makes no sense. */
function wrongField(
  edits: Edits,
  fields: readonly MetadataField[],
): { path: string; label: string } | undefined {
  if (edits.problems[EXECUTION] !== undefined) return { path: EXECUTION, label: "Execution" };
  return fields.find((field) => edits.problems[field.path] !== undefined);
}

/** What was refused about fields that the form does not show. */
function errorsElsewhere(edits: Edits, fields: readonly MetadataField[]): readonly FieldError[] {
  const shown = fields
    .map((field) => field.path)
    .filter((path) => TEXTS.includes(path) || path.startsWith(EXECUTION));
  return edits.refused.filter((error) => !shown.includes(error.field));
}
