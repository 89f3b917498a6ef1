import { useEffect, useState } from "react";
import type { EpisodeKey, Signal } from "@/media/media.ts";
import { getSignals } from "@/media/media.ts";
import { usePanel } from "@/state/panel.tsx";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Loading } from "@/ui/empty.tsx";
import type { Player } from "../player/player.ts";
import { Chart } from "./chart.tsx";

/** What the robot did and measured during the episode. Mounted anew for another episode. */
export function SignalsView({ skill, episode, player }: EpisodeKey & { player: Player }) {
  const epoch = usePanel((state) => state.epoch);
  const [signals, setSignals] = useState<readonly Signal[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const ending = new AbortController();
    getSignals({ skill, episode }, ending.signal).then(
      (found) => {
        setSignals(found.filter((signal) => signal.values.length > 0));
        setProblem(null);
      },
      (error: unknown) => {
        if (!ending.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      },
    );
    return () => ending.abort();
  }, [skill, episode, attempt, epoch]);

  if (signals === null) {
    if (problem === null) return <Loading label="Reading the signals…" />;
    return (
      <Notice
        tone="warn"
        title="The signals can't be shown"
        actions={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}
      >
        {problem}
      </Notice>
    );
  }
  if (signals.length === 0) return <p className="text-faint">This episode has no signals.</p>;
  return (
    <div className="space-y-4">
      {signals.map((signal) => (
        <Chart key={signal.name} signal={signal} player={player} />
      ))}
    </div>
  );
}
