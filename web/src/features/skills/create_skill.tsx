import { useState } from "react";
import { CommandError } from "@/ros/commands.ts";
import type { FieldError, MetadataField } from "@/ros/messages.ts";
import { navigation } from "@/route/navigation.ts";
import { useCommands } from "@/state/panel.tsx";
import type { JsonObject } from "@/text/json.ts";
import { replaced } from "@/text/json.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { FieldInput } from "./field_input.tsx";
import { parseField } from "./field_text.ts";
import { COMMON, NEEDED, TYPES } from "./new_skill_fields.ts";

export function CreateSkill({ onClose }: { onClose: () => void }) {
  const commands = useCommands();
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({ type: "learned" });
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const type = texts["type"] ?? "learned";
  const fields = [...COMMON, ...(NEEDED[type] ?? [])];
  const unseen = errors.filter((error) => !fields.some((field) => field.path === error.field));

  async function create(): Promise<void> {
    const checked = check(fields, texts);
    setErrors(checked.errors);
    setFailure(null);
    if (checked.errors.length > 0) return;
    setBusy(true);
    try {
      const execution = checked.value["execution"];
      const skill = await commands.createSkill({
        name: (texts["name"] ?? "").trim(),
        type,
        guidelines: texts["guidelines"] ?? "",
        guidelinesWhenRunning: texts["guidelines_when_running"] ?? "",
        executionJson: execution === undefined ? "" : JSON.stringify(execution),
      });
      onClose();
      navigation.go({ tab: "skills", skill: skill.name });
    } catch (error) {
      setErrors(error instanceof CommandError ? error.fields : []);
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title="New skill" onClose={onClose} width="max-w-lg">
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <fieldset className="grid gap-2 sm:grid-cols-3">
          <legend className="mb-1 font-medium">Type</legend>
          {TYPES.map((option) => (
            <label
              key={option.type}
              className="cursor-pointer rounded-lg border border-line px-3 py-2 hover:border-edge has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name="type"
                className="sr-only"
                checked={type === option.type}
                onChange={() => setTexts({ ...texts, type: option.type })}
              />
              <span className="block font-medium">{option.type}</span>
              <span className="block text-xs text-quiet">{option.what}</span>
            </label>
          ))}
        </fieldset>
        {fields.map((field) => (
          <FieldInput
            key={field.path}
            field={field}
            text={texts[field.path] ?? ""}
            problem={errors.find((error) => error.field === field.path)?.message}
            onChange={(text) => {
              setTexts({ ...texts, [field.path]: text });
              setErrors(errors.filter((error) => error.field !== field.path));
            }}
          />
        ))}
        {failure && (
          <Notice tone="danger" title={failure}>
            {unseen.map(({ field, message }) => (
              <p key={field}>
                {field}: {message}
              </p>
            ))}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy}>
            {busy ? "Creating…" : "Create skill"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function check(fields: readonly MetadataField[], texts: Readonly<Record<string, string>>) {
  const errors: FieldError[] = [];
  let value: JsonObject = {};
  for (const field of fields) {
    const parsed = parseField(field, texts[field.path] ?? "");
    if ("problem" in parsed) errors.push({ field: field.path, message: parsed.problem });
    else value = replaced(value, field.path, parsed.value);
  }
  return { errors, value };
}
