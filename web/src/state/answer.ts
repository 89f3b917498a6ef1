import { useCallback, useEffect, useRef, useState } from "react";
import { usePanel } from "./panel.tsx";
import { selectConnected } from "./selectors.ts";

export interface Answer<T> {
  /** The newest answer for this subject; null until there is one. */
  readonly value: T | null;
  /**
   * Why the last attempt failed; null where it did not, and without a connection, which is said elsewhere
   * and mends itself. An older value may still be there.
   */
  readonly problem: string | null;
  readonly again: () => void;
}

interface Known<T> {
  readonly subject: string;
  /** Of the connection that answered, or did not. */
  readonly epoch: number;
  readonly value: T | null;
  readonly problem: string | null;
}

/**
 * What `ask` answers about `subject`: asked once connected, again after every reconnection and whenever
 * `version` changes; meanwhile the last answer stays.
 */
export function useAnswer<T>(subject: string, version: string, ask: () => Promise<T>): Answer<T> {
  const epoch = usePanel((state) => state.epoch);
  const connected = usePanel(selectConnected);
  const [attempt, setAttempt] = useState(0);
  const [known, setKnown] = useState<Known<T>>({ subject, epoch, value: null, problem: null });
  const latest = useRef(ask);
  useEffect(() => {
    latest.current = ask;
  });

  useEffect(() => {
    if (epoch === 0) return;
    let current = true;
    latest.current().then(
      (value) => {
        if (current) setKnown({ subject, epoch, value, problem: null });
      },
      (error: unknown) => {
        const problem = error instanceof Error ? error.message : String(error);
        if (current) {
          setKnown((old) => ({
            subject,
            epoch,
            value: old.subject === subject ? old.value : null,
            problem,
          }));
        }
      },
    );
    return () => {
      current = false;
    };
  }, [subject, version, epoch, attempt]);

  const again = useCallback(() => setAttempt((count) => count + 1), []);
  const mine = known.subject === subject;
  // What a lost connection has left is asked again with the next one.
  const current = mine && connected && known.epoch === epoch;
  return { value: mine ? known.value : null, problem: current ? known.problem : null, again };
}
