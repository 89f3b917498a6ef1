import { useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { CommandError } from "@/ros/commands.ts";
import type { FieldError } from "@/ros/messages.ts";
import type { TrainingRun } from "@/ros/training.ts";
import type { TrainingDefaults } from "@/ros/training_commands.ts";
import { useLeaveGuard } from "@/route/guard.ts";
import { navigation } from "@/route/navigation.ts";
import { useCommands } from "@/state/panel.tsx";
import { formatCount } from "@/text/numbers.ts";
import { Attention } from "@/ui/attention.tsx";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { LeaveDialog } from "@/ui/leave_dialog.tsx";
import { Refusal } from "@/ui/refusal.tsx";
import { Architecture } from "./architecture.tsx";
import { CostLine } from "./cost_line.tsx";
import type { Field, Group } from "./fields.ts";
import { fieldsOf } from "./fields.ts";
import { ExtraJson, FurtherVariables } from "./further_fields.tsx";
import { PresetChoice, SkillChoice } from "./run_choices.tsx";
import { RunField } from "./run_field.tsx";
import type { Clone, Draft, Problems } from "./run_form.ts";
import {
  countChanges,
  emptyDraft,
  fieldsFor,
  isChanged,
  problemsOf,
  requestOf,
  textOf,
  withText,
  withoutText,
} from "./run_form.ts";

const SECTIONS: readonly { readonly group: Group; readonly label: string; readonly columns: string }[] = [
  { group: "hyperparameters", label: "Hyperparameters", columns: "sm:grid-cols-2 2xl:grid-cols-3" },
  { group: "machine", label: "Machine and limits", columns: "sm:grid-cols-2 2xl:grid-cols-3" },
  { group: "code", label: "Code", columns: "sm:grid-cols-2" },
  { group: "environment", label: "Environment", columns: "sm:grid-cols-2" },
];

export function NewRunForm({
  skill: firstSkill,
  from,
  start,
  defaults,
  onLeave,
}: {
  skill: string | null;
  from: number | null;
  start: Clone;
  defaults: TrainingDefaults;
  onLeave: () => void;
}) {
  const commands = useCommands();
  const [skill, setSkill] = useState(firstSkill ?? "");
  // As long as nothing is filled in, it is what a run starts from, which the server may yet tell.
  const [edited, setDraft] = useState<Draft | null>(null);
  const draft = edited ?? start.draft;
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<TrainingRun | null>(null);
  const preset = defaults.presets.find((one) => one.name === draft.preset);
  const fields = useMemo(() => fieldsFor(draft, fieldsOf(defaults, draft.preset) ?? []), [defaults, draft]);
  const problems = { ...byField(refused), ...problemsOf(draft, fields) };
  const wrong = wrongField(draft, fields);
  const changes = countChanges(draft, fields);
  const leaving = useLeaveGuard(made === null && edited !== null && changes > 0);
  // Leaves once nothing guards the form any more.
  useEffect(() => {
    if (made) navigation.go({ tab: "training", skill: made.skill, run: made.runId });
  }, [made]);

  function change(next: Draft, ...paths: readonly string[]): void {
    setDraft(next);
    setRefused((errors) => errors.filter((error) => !paths.includes(error.field)));
  }

  async function ask(): Promise<void> {
    setBusy(true);
    setFailure(null);
    setRefused([]);
    try {
      const run = await commands.createRun(requestOf(skill, draft, fields));
      setMade({ ...run, skill });
    } catch (error) {
      setRefused(error instanceof CommandError ? error.fields.map(whereShown) : []);
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  const shown = new Set(fields.map((field) => field.path));
  const isShown = (path: string): boolean =>
    shown.has(path) || path === "extra" || draft.env.some((row) => `env.${row.name.trim()}` === path);
  const elsewhere = refused.filter(({ field }) => !isShown(field));
  const ready = preset !== undefined && skill !== "" && !wrong && !busy;

  return (
    <form
      noValidate
      aria-label="New run"
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void ask();
      }}
    >
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-4 md:px-6 md:py-5">
        <div className="mx-auto max-w-4xl space-y-7">
          <div>
            <h1 className="text-xl font-semibold tracking-tight">
              New run{from !== null && <span className="font-normal text-faint"> like run {from}</span>}
            </h1>
          </div>
          <Dropped start={start} />
          <SkillChoice skill={skill} onChange={setSkill} />
          <PresetChoice
            presets={defaults.presets}
            chosen={draft.preset}
            onChange={(name) => change({ ...draft, preset: name })}
          />
          {SECTIONS.map(({ group, label, columns }) => (
            <FieldSection
              key={group}
              label={label}
              columns={columns}
              further={
                group === "machine" &&
                preset && (
                  <div className="mt-4 rounded-lg bg-sunken px-3 py-2">
                    <CostLine draft={draft} preset={preset} />
                  </div>
                )
              }
            >
              {fields
                .filter((field) => field.group === group)
                .map((field) => (
                  <RunField
                    key={field.path}
                    field={field}
                    text={textOf(draft, field)}
                    changed={isChanged(draft, field)}
                    problem={problems[field.path]}
                    onChange={(text) => change(withText(draft, field.path, text), field.path)}
                    onReset={() => change(withoutText(draft, field.path), field.path)}
                  />
                ))}
            </FieldSection>
          ))}
          <FieldSection label="Further" columns="">
            <FurtherVariables
              draft={draft}
              problems={problems}
              onChange={(next) => change(next, ...draft.env.map((row) => `env.${row.name.trim()}`))}
            />
            <ExtraJson
              text={draft.extra}
              problem={problems["extra"]}
              onChange={(extra) => change({ ...draft, extra }, "extra")}
            />
          </FieldSection>
          {preset && <Architecture json={preset.architectureJson} />}
        </div>
      </div>
      <footer className="space-y-2 border-t border-line bg-surface px-4 py-2.5 md:px-6">
        {failure && <Refusal message={failure} elsewhere={elsewhere} />}
        <div className="flex items-center gap-2">
          {wrong ? (
            <Attention {...wrong} />
          ) : (
            <span className="mr-auto min-w-0 truncate text-quiet" data-changes={changes}>
              {skill === ""
                ? "No skill chosen yet"
                : changes === 0
                  ? "As the preset"
                  : `${formatCount(changes, "value")} changed`}
            </span>
          )}
          <Button
            look="quiet"
            icon="undo"
            title="Reset all values to the preset’s"
            disabled={changes === 0}
            className="max-sm:px-2!"
            onClick={() => {
              setDraft(emptyDraft(draft.preset));
              setRefused([]);
              setFailure(null);
            }}
          >
            <span className="max-sm:sr-only">Reset all</span>
          </Button>
          <Button onClick={onLeave}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!ready}>
            {busy ? "Asking…" : "Start run"}
          </Button>
        </div>
      </footer>
      <LeaveDialog
        leaving={leaving}
        title="Leave without starting the run?"
        text="What you filled in is not kept."
        leave="Leave"
        stay="Go on"
      />
    </form>
  );
}

/** The first field whose text makes no sense. */
function wrongField(draft: Draft, fields: readonly Field[]): { path: string; label: string } | undefined {
  const [path] = Object.keys(problemsOf(draft, fields));
  if (path === undefined) return undefined;
  if (path === "extra") return { path, label: "Further parameters" };
  const field = fields.find((one) => one.path === path);
  return field ?? { path, label: path.slice("env.".length) || "A variable" };
}

/** What was refused of each field; several further parameters may have been. */
function byField(refused: readonly FieldError[]): Problems {
  const found: Record<string, string> = {};
  for (const { field, message } of refused) {
    found[field] = field in found ? `${found[field]}; ${message}` : message;
  }
  return found;
}

/** Further parameters have one field for all of them. */
function whereShown({ field, message }: FieldError): FieldError {
  if (!field.startsWith("extra.")) return { field, message };
  return { field: "extra", message: `${field.slice("extra.".length)} ${message}` };
}

function Dropped({ start }: { start: Clone }) {
  if (!start.missingPreset && start.hidden.length === 0) return null;
  return (
    <Notice tone="warn" title="Not all could be taken over">
      {start.missingPreset && (
        <p>
          The preset {start.missingPreset} is not offered any more; this one starts from {start.draft.preset}.
        </p>
      )}
      {start.hidden.length > 0 && (
        <p>The values of {start.hidden.join(", ")} are secret: give them again, or remove them.</p>
      )}
    </Notice>
  );
}

function FieldSection({
  label,
  columns,
  further,
  children,
}: {
  label: string;
  columns: string;
  further?: ReactNode;
  children: ReactNode;
}) {
  if (Array.isArray(children) && children.length === 0) return null;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-3 w-full border-b border-line pb-1 text-base font-semibold">{label}</legend>
      <div className={`grid items-start gap-x-6 gap-y-4 ${columns}`}>{children}</div>
      {further}
    </fieldset>
  );
}
