import { useState } from "react";
import type { ReactNode } from "react";
import { isActive } from "@/ros/jobs.ts";
import type { TrainingRun } from "@/ros/training.ts";
import { navigation } from "@/route/navigation.ts";
import type { Action } from "@/state/action.ts";
import { useAction } from "@/state/action.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectFeature, selectJobs, selectRuns, selectSkills } from "@/state/selectors.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { JobProgress } from "@/ui/job_progress.tsx";
import type { MenuItem } from "@/ui/menu.tsx";
import { Menu } from "@/ui/menu.tsx";
import { INPUT } from "@/ui/search.tsx";
import { downloadOf } from "./downloads.ts";
import { inUseText } from "./in_use_text.ts";
import { hasResults, outcomeText } from "./run_words.ts";

type Question = "cancel" | "reject" | "deactivate";

/** What can be done with a run, what is being done, and how it went. At the thumb on a phone. */
export function RunActions({ run }: { run: TrainingRun }) {
  const action = useAction();
  const [asking, setAsking] = useState<Question | null>(null);
  const [asked, setAsked] = useState(false);
  const cancelling = asked || run.daemonState === "cancelling";
  return (
    <div
      data-actions="run"
      className="space-y-2 border-line bg-surface px-4 py-2 max-md:order-last max-md:border-t md:border-b md:px-6"
    >
      <Outcome action={action} run={run} />
      <div className="flex flex-wrap items-center gap-2">
        <MainActions run={run} action={action} cancelling={cancelling} onAsk={setAsking} />
        <span className="ml-auto">
          <MoreActions run={run} />
        </span>
      </div>
      {asking && (
        <Ask
          question={asking}
          run={run}
          action={action}
          onCancelling={setAsked}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

function Outcome({ action, run }: { action: Action; run: TrainingRun }) {
  const job = usePanel((state) => downloadOf(selectJobs(state), run));
  const commands = useCommands();
  const fetching = job !== undefined && isActive(job);
  const ended = job?.state === "failed" || job?.state === "interrupted";
  // A run that failed and left nothing says so itself.
  const known = run.errorMessage !== "" && (job?.message.includes(run.errorMessage) ?? false);
  return (
    <>
      {action.problem && <Notice tone="danger">{action.problem}</Notice>}
      {action.note && (
        <p role="status" className="text-ok">
          {action.note}
        </p>
      )}
      {fetching && (
        <div className="flex items-center gap-3">
          <div className="min-w-0 flex-1">
            <JobProgress job={job} label={`Download of run ${run.runId}`} />
          </div>
          <Button
            disabled={action.busy || job.cancelling}
            onClick={() => action.start(() => commands.cancelJob(job.id))}
          >
            Stop
          </Button>
        </div>
      )}
      {ended && !known && run.localState !== "whole" && (
        <Notice tone="danger" title="The download did not end whole">
          {job.message}
        </Notice>
      )}
    </>
  );
}

function MainActions({
  run,
  action,
  cancelling,
  onAsk,
}: {
  run: TrainingRun;
  action: Action;
  cancelling: boolean;
  onAsk: (question: Question) => void;
}) {
  const commands = useCommands();
  const canReview = usePanel(selectFeature("approval"));
  const canCancel = usePanel(selectFeature("cancel"));
  const job = usePanel((state) => downloadOf(selectJobs(state), run));
  const { busy, start } = action;
  const { skill, runId } = run;
  const fetching = job !== undefined && isActive(job);
  const here = run.localState === "whole" || run.localState === "unknown";
  const buttons: ReactNode[] = [];

  if (run.status === "waiting_for_approval" && canReview) {
    buttons.push(
      <Button
        key="approve"
        look="primary"
        icon="check"
        disabled={busy}
        onClick={() => start(() => commands.approveRun(skill, runId))}
      >
        Approve
      </Button>,
      <Button key="reject" look="danger" disabled={busy} onClick={() => onAsk("reject")}>
        Reject
      </Button>,
    );
  }
  if (hasResults(run) && run.localState !== "whole" && !fetching) {
    buttons.push(
      <Button
        key="download"
        look={here || run.errorMessage !== "" ? "plain" : "primary"}
        icon="download"
        disabled={busy}
        onClick={() =>
          start(async () => {
            await commands.startJob("download_run", { skill, run_id: runId });
          })
        }
      >
        {run.localState === "partial" ? "Go on downloading" : "Download"}
      </Button>,
    );
  }
  if (here && !run.inUse) {
    buttons.push(
      <Button
        key="activate"
        look="primary"
        icon="check"
        disabled={busy || fetching}
        onClick={() => start(async () => inUseText(await commands.activateRun(skill, runId)))}
      >
        Activate
      </Button>,
    );
  }
  if (run.inUse) {
    buttons.push(
      <Button
        key="roll back"
        icon="undo"
        disabled={busy}
        title="Use what was in use before"
        onClick={() => start(async () => inUseText(await commands.deactivateRun(skill, true)))}
      >
        Roll back
      </Button>,
      <Button key="deactivate" disabled={busy} onClick={() => onAsk("deactivate")}>
        Deactivate
      </Button>,
    );
  }
  if (run.active && canCancel) {
    buttons.push(
      <Button key="cancel" look="danger" disabled={busy || cancelling} onClick={() => onAsk("cancel")}>
        {cancelling ? "Cancelling…" : "Cancel run"}
      </Button>,
    );
  }
  if (buttons.length > 0) return buttons;
  if (fetching) return <p className="text-quiet">The results are being downloaded.</p>;
  return <p className="text-quiet">{nothingToDo(run, canCancel)}</p>;
}

function nothingToDo(run: TrainingRun, canCancel: boolean): string {
  if (run.status === "waiting_for_approval") return "Waits for a person at the training server.";
  if (run.active && !canCancel) return "This server can’t cancel runs; it ends by itself.";
  return `Nothing to do for a run that is ${outcomeText(run)}.`;
}

function MoreActions({ run }: { run: TrainingRun }) {
  const runs = usePanel(selectRuns);
  const skills = usePanel(selectSkills);
  const others = comparable(runs, run).slice(0, 20);
  const nameOf = (skill: string): string => skills.find((one) => one.name === skill)?.displayName ?? skill;
  const place = { tab: "training", skill: run.skill } as const;
  const items: MenuItem[] = [
    {
      label: "Clone as new run",
      onSelect: () => navigation.go({ ...place, run: "new", other: run.runId }),
    },
    ...others.map((other): MenuItem => ({
      id: `${other.skill}/${other.runId}`,
      label: `Compare with ${other.skill === run.skill ? "" : `${nameOf(other.skill)} `}run ${other.runId}`,
      hint: outcomeText(other),
      onSelect: () =>
        navigation.go({ ...place, run: run.runId, other: other.runId, otherSkill: other.skill }),
    })),
  ];
  return <Menu label="More with this run" text="More" items={items} upwardsOnPhone />;
}

/** All other runs, those of the same skill first. */
function comparable(runs: readonly TrainingRun[], run: TrainingRun): readonly TrainingRun[] {
  const others = runs.filter((other) => other.skill !== run.skill);
  return [...runs.filter((other) => other.skill === run.skill && other.runId !== run.runId), ...others];
}

const WORDS: Readonly<Record<Question, { title: string; text: string; yes: string; no: string }>> = {
  cancel: {
    title: "Cancel this run?",
    text: "It stops and can’t go on later. Checkpoints that it has made are kept where the server keeps them.",
    yes: "Cancel run",
    no: "Let it run",
  },
  reject: {
    title: "Reject this run?",
    text: "It will never start; another one can be asked for.",
    yes: "Reject run",
    no: "Keep it waiting",
  },
  deactivate: {
    title: "Use no checkpoint?",
    text: "The robot can’t carry out this skill until a checkpoint is activated again. The files stay.",
    yes: "Deactivate",
    no: "Keep it",
  },
};

/** Asked before what can't be undone. */
function Ask({
  question,
  run,
  action,
  onCancelling,
  onClose,
}: {
  question: Question;
  run: TrainingRun;
  action: Action;
  onCancelling: (cancelling: boolean) => void;
  onClose: () => void;
}) {
  const commands = useCommands();
  const [reason, setReason] = useState("");
  const words = WORDS[question];
  const { skill, runId } = run;
  const act = (): Promise<unknown> => {
    switch (question) {
      case "cancel":
        onCancelling(true);
        return commands.cancelRun(skill, runId).catch((error: unknown) => {
          onCancelling(false);
          throw error;
        });
      case "reject":
        return commands.rejectRun(skill, runId, reason.trim());
      case "deactivate":
        return commands.deactivateRun(skill, false).then(inUseText);
    }
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          action.start(act);
        }}
      >
        <p className="text-quiet">{words.text}</p>
        {question === "reject" && (
          <label className="block">
            <span className="mb-1 block font-medium">Reason</span>
            <input
              value={reason}
              autoComplete="off"
              onChange={(event) => setReason(event.target.value)}
              className={INPUT}
            />
          </label>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{words.no}</Button>
          <Button type="submit" look="danger">
            {words.yes}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
