import { useEffect, useRef, useState } from "react";
import { CommandError } from "@/ros/commands.ts";
import type { EditPlan } from "@/ros/editing.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectConnected } from "@/state/selectors.ts";

const PAUSE_MS = 250;

export interface Planned {
  /** The newest plan; an older one stays while the next is made. */
  readonly plan: EditPlan | null;
  /** Whether `plan` answers what is asked now. */
  readonly current: boolean;
  /** Why there is no plan for what is asked now; null without a connection, which is said elsewhere. */
  readonly problem: CommandError | null;
  readonly again: () => void;
}

interface Known {
  readonly asked: string | null;
  /** Of the connection that answered, or did not. */
  readonly epoch: number;
  readonly plan: EditPlan | null;
  readonly problem: CommandError | null;
}

/** A plan that follows what is asked, which `key` says; null: nothing can be asked yet. */
export function usePlan(key: string | null, ask: () => Promise<EditPlan>): Planned {
  const epoch = usePanel((state) => state.epoch);
  const connected = usePanel(selectConnected);
  const [attempt, setAttempt] = useState(0);
  const [known, setKnown] = useState<Known>({ asked: null, epoch, plan: null, problem: null });
  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });
  const first = useRef(true);

  useEffect(() => {
    if (key === null || epoch === 0) return;
    let wanted = true;
    const timer = setTimeout(
      () => {
        latest.current().then(
          (plan) => {
            if (wanted) setKnown({ asked: key, epoch, plan, problem: null });
          },
          (error: unknown) => {
            const problem = error instanceof CommandError ? error : new CommandError(String(error));
            if (wanted) setKnown((old) => ({ asked: key, epoch, plan: old.plan, problem }));
          },
        );
      },
      first.current ? 0 : PAUSE_MS,
    );
    first.current = false;
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [key, epoch, attempt]);

  const answered = key !== null && known.asked === key;
  return {
    plan: known.plan,
    current: answered && known.problem === null,
    problem: answered && connected && known.epoch === epoch ? known.problem : null,
    again: () => setAttempt((count) => count + 1),
  };
}
