import { useState } from "react";
import type { ReactNode } from "react";
import type { TrainingRun } from "@/ros/training.ts";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { useAction } from "@/state/action.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectRuns, selectSkill } from "@/state/selectors.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { UploadButton } from "@/features/upload/upload_button.tsx";
import { useUploadPlan } from "@/features/upload/upload_panel.tsx";
import { isUploaded } from "@/features/upload/upload_words.ts";
import { inUseText } from "./in_use_text.ts";

/** What matters of one skill above its runs: whether its recordings are on the server, and what the robot uses. */
export function SkillTraining({ name }: { name: string }) {
  const skill = usePanel(selectSkill(name));
  if (!skill) {
    return (
      <div className="border-b border-line p-3">
        <Notice tone="warn" title="There is no such skill here">
          Its runs are shown as far as the training server has some.
        </Notice>
      </div>
    );
  }
  return (
    <div className="grid border-b border-line bg-surface text-sm sm:grid-cols-2 sm:divide-x sm:divide-line">
      <Part label="Recordings" action={skill.datasetFormat !== "" && <UploadButton skill={name} />}>
        <Upload skill={skill} />
      </Part>
      <CheckpointInUse skill={skill} />
    </div>
  );
}

function Part({ label, action, children }: { label: string; action: ReactNode; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-center gap-3 px-4 py-2 max-sm:not-first:border-t max-sm:not-first:border-line">
      <div className="min-w-0 flex-1">
        <p className="eyebrow">{label}</p>
        {children}
      </div>
      {action}
    </div>
  );
}

function Upload({ skill }: { skill: Skill }) {
  const { plan, problem } = useUploadPlan(skill.name);
  if (skill.datasetFormat === "") return <p className="text-quiet">none yet</p>;
  if (problem) return <p className="line-clamp-2 text-danger">{problem}</p>;
  return <p className={plan && !isUploaded(plan) ? "text-warn" : ""}>{plan ? plan.state : "…"}</p>;
}

/** The checkpoint that the robot uses, with the way back and off. */
export function CheckpointInUse({ skill }: { skill: Skill }) {
  const run = usePanel((state) => selectRuns(state).find((one) => one.skill === skill.name && one.inUse));
  const { busy, problem, note, start } = useAction();
  const commands = useCommands();
  const [asking, setAsking] = useState(false);
  if (skill.type !== "learned" && skill.checkpoint === "") {
    return (
      <Part label="Checkpoint in use" action={null}>
        <p className="text-quiet">none: only learned skills use one</p>
      </Part>
    );
  }
  return (
    <div className="min-w-0" data-in-use={skill.checkpoint}>
      <Part
        label="Checkpoint in use"
        action={
          <span className="flex shrink-0 gap-2">
            <Button
              icon="undo"
              title="Use what was in use before"
              className="max-lg:px-2!"
              disabled={busy}
              onClick={() => start(async () => inUseText(await commands.deactivateRun(skill.name, true)))}
            >
              <span className="max-lg:sr-only">Roll back</span>
            </Button>
            {skill.checkpoint !== "" && (
              <Button disabled={busy} onClick={() => setAsking(true)}>
                Deactivate
              </Button>
            )}
          </span>
        }
      >
        <InUse skill={skill} run={run} />
      </Part>
      {(problem ?? note) && (
        <div className="px-4 pb-2">
          {problem ? <Notice tone="danger">{problem}</Notice> : <p className="text-ok">{note}</p>}
        </div>
      )}
      {asking && (
        <Dialog title="Use no checkpoint?" onClose={() => setAsking(false)}>
          <p className="text-quiet">
            The robot can’t carry out “{skill.displayName}” until a checkpoint is activated again. The files
            stay.
          </p>
          <div className="mt-4 flex justify-end gap-2">
            <Button onClick={() => setAsking(false)}>Keep it</Button>
            <Button
              look="danger"
              onClick={() => {
                setAsking(false);
                start(async () => inUseText(await commands.deactivateRun(skill.name, false)));
              }}
            >
              Deactivate
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function InUse({ skill, run }: { skill: Skill; run: TrainingRun | undefined }) {
  if (skill.checkpoint === "") return <p className="text-quiet">none</p>;
  return (
    <p className="truncate">
      {run && (
        <RouteLink
          to={{ tab: "training", skill: run.skill, run: run.runId }}
          className="mr-1.5 font-medium text-accent hover:underline"
        >
          Run {run.runId}
        </RouteLink>
      )}
      <code className="font-mono text-xs text-quiet" title={skill.checkpoint}>
        {skill.checkpoint}
      </code>
    </p>
  );
}
