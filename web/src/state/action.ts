import { useCallback, useEffect, useRef, useState } from "react";

export interface Action {
  /** Whether one is under way. */
  readonly busy: boolean;
  /** Why the last one failed; null where it did not. */
  readonly problem: string | null;
  /** Does something; a text that it gives is kept as `note`. One at a time. */
  readonly start: (act: () => Promise<unknown>) => void;
  /** What the last one had to say. */
  readonly note: string | null;
  readonly clear: () => void;
}

/** Something that the user starts with a button, whose failure is shown beside it. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const shown = useRef(true);
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);

  const start = useCallback((act: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    setNote(null);
    act().then(
      (said) => {
        if (!shown.current) return;
        setBusy(false);
        if (typeof said === "string") setNote(said);
      },
      (error: unknown) => {
        if (!shown.current) return;
        setBusy(false);
        setProblem(error instanceof Error ? error.message : String(error));
      },
    );
  }, []);
  const clear = useCallback(() => {
    setProblem(null);
    setNote(null);
  }, []);
  return { busy, problem, note, start, clear };
}
