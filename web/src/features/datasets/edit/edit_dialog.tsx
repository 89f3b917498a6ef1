import { useId, useRef, useState } from "react";
import type { ReactNode } from "react";
import { CommandError } from "@/ros/commands.ts";
import type { FieldError } from "@/ros/messages.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectSkills } from "@/state/selectors.ts";
import { formatCount } from "@/text/numbers.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { INPUT } from "@/ui/search.tsx";
import { folderName, nameProblem } from "./name.ts";
import { PlanTroubles, PlanView } from "./plan_view.tsx";
import type { Planned } from "./use_plan.ts";

/** What every edit asks for: a name for the result, a look at the plan, and the word to start. */
export function EditDialog({
  title,
  intro,
  name,
  onName,
  planned,
  nothing = "",
  inPlace = false,
  start,
  job,
  onClose,
  children,
  settle,
}: {
  title: string;
  intro: ReactNode;
  /** Of the new skill; null: there is none to name. */
  name: string | null;
  onName: (name: string) => void;
  planned: Planned;
  /** What stands in the plan's place as long as nothing can be planned; "": it is on its way. */
  nothing?: string;
  /** The skill itself is changed. */
  inPlace?: boolean;
  /** The button's text. */
  start: string;
  /** The job that is started. */
  job: { readonly kind: string; readonly args: object };
  onClose: () => void;
  children?: ReactNode;
  /** What settles that which stands in the way; right below it. */
  settle?: ReactNode;
}) {
  const commands = useCommands();
  const skills = usePanel(selectSkills);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<CommandError | null>(null);
  const wrong = name === null ? null : nameProblem(name, skills);
  const troubles = useRef<HTMLDivElement>(null);
  const { plan } = planned;
  const full = plan !== null && plan.bytesToWrite > plan.bytesFree;
  const inTheWay = (plan?.problems.filter((problem) => problem.blocks).length ?? 0) + (full ? 1 : 0);
  const ready = planned.current && plan?.possible === true && wrong === null;

  async function begin(): Promise<void> {
    if (!ready) return;
    setBusy(true);
    setRefusal(null);
    try {
      await commands.startJob(job.kind, job.args);
      onClose();
    } catch (error) {
      setRefusal(error instanceof CommandError ? error : new CommandError(String(error)));
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose} width="max-w-xl">
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          void begin();
        }}
      >
        <div className="text-quiet">{intro}</div>
        {children}
        <div ref={troubles} className="scroll-mt-2 space-y-4 empty:hidden">
          <PlanTroubles planned={planned} settle={settle} />
        </div>
        {name !== null && (
          <NameField
            name={name}
            problem={wrong ?? fieldOf(refusal?.fields ?? planned.problem?.fields, "name")}
            onChange={(next) => {
              setRefusal(null);
              onName(next);
            }}
          />
        )}
        <PlanView planned={planned} nothing={nothing} inPlace={inPlace} />
        {refusal && (
          <Notice tone="danger" title="It was not started">
            {refusal.message}
          </Notice>
        )}
        <div className="sticky bottom-0 -mx-4 -mb-4 flex items-center justify-end gap-2 border-t border-line bg-surface px-4 py-3">
          {inTheWay > 0 && (
            <button
              type="button"
              onClick={() => troubles.current?.scrollIntoView({ block: "start" })}
              className="mr-auto rounded px-1 text-left text-danger hover:underline"
            >
              {formatCount(inTheWay, "thing stands", "things stand")} in the way
            </button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy || !ready}>
            {busy ? "Starting…" : start}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function NameField({
  name,
  problem,
  onChange,
}: {
  name: string;
  problem: string | null;
  onChange: (name: string) => void;
}) {
  const id = useId();
  return (
    <div data-field="name">
      <label htmlFor={id} className="mb-1 block font-medium">
        Name of the new skill
      </label>
      <input
        id={id}
        data-autofocus
        value={name}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        className={INPUT}
      />
      <p id={`${id}-hint`} className={`mt-1 text-xs ${problem ? "text-danger" : "text-faint"}`}>
        {problem ?? (
          <>
            Its folder: <span className="font-mono">{folderName(name)}</span>
          </>
        )}
      </p>
    </div>
  );
}

function fieldOf(fields: readonly FieldError[] | undefined, field: string): string | null {
  return fields?.find((error) => error.field === field)?.message ?? null;
}
