import { useEffect, useState } from "react";
import { usePanel } from "@/state/panel.tsx";
import { Icon } from "@/ui/icons.tsx";

const PATIENCE_MS = 6000;

/** Says quietly that the robot can't be reached and that the panel is trying, or what is wrong with it as a whole. */
export function ConnectionBanner() {
  const connection = usePanel((state) => state.connection);
  const waiting = usePanel((state) => state.connection.status === "open" && state.skillList === null);
  const silent = useLasting(waiting, PATIENCE_MS);
  const problem = usePanel((state) => state.skillList?.problem ?? "");

  if (connection.status === "lost") {
    return <Banner>Connection to the robot lost — reconnecting…</Banner>;
  }
  if (silent) {
    return <Banner>Connected, but the training manager’s node does not answer yet. Is it running?</Banner>;
  }
  if (problem) return <Banner lasting>{problem}</Banner>;
  return null;
}

function Banner({ lasting = false, children }: { lasting?: boolean; children: string }) {
  return (
    <p
      role="status"
      className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-1.5 text-center text-warn"
    >
      {lasting ? <Icon name="alert" /> : <span className="size-2 animate-pulse rounded-full bg-warn" />}
      {children}
    </p>
  );
}

/** Whether `condition` has held for `ms`. */
function useLasting(condition: boolean, ms: number): boolean {
  const [since, setSince] = useState(false);
  useEffect(() => {
    if (!condition) return;
    const timer = setTimeout(() => setSince(true), ms);
    return () => {
      clearTimeout(timer);
      setSince(false);
    };
  }, [condition, ms]);
  return condition && since;
}
