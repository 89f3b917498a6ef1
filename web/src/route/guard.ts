import { useEffect, useState } from "react";
import { navigation } from "./navigation.ts";

export interface Leaving {
  readonly confirm: () => void;
  readonly stay: () => void;
}

/**
 * Keeps the user from leaving by accident while `dirty`: within the panel by returning a question to show
 * (null: nobody is leaving), and out of it by the browser's own question.
 */
export function useLeaveGuard(dirty: boolean): Leaving | null {
  const [leaving, setLeaving] = useState<Leaving | null>(null);
  useEffect(() => {
    if (!dirty) return;
    const release = navigation.guard((_next, go) => {
      setLeaving({
        confirm: () => {
          setLeaving(null);
          release();
          go();
        },
        stay: () => setLeaving(null),
      });
    });
    const unload = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", unload);
    return () => {
      release();
      window.removeEventListener("beforeunload", unload);
    };
  }, [dirty]);
  return leaving;
}
