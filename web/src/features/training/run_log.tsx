import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { formatCount } from "@/text/numbers.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Search } from "@/ui/search.tsx";
import { TailRows } from "@/ui/tail_rows.tsx";
import type { RunLogText } from "./log_text.ts";
import {
  LOG_PART,
  NO_LOG,
  endOf,
  findLines,
  linesOfLog,
  partsBefore,
  startOf,
  withNewer,
  withOlder,
} from "./log_text.ts";

const PAUSE_MS = 2000;
const SHORT_PAUSE_MS = 200;

/** What a run writes, as it writes it. Mounted anew for another run. */
export function RunLogView({ skill, runId }: { skill: string; runId: number }) {
  const commands = useCommands();
  const epoch = usePanel((state) => state.epoch);
  const [log, setLog] = useState<RunLogText>(NO_LOG);
  const [problem, setProblem] = useState<string | null>(null);
  const [paused, setPaused] = useState(false);
  const [search, setSearch] = useState("");
  const [loading, setLoading] = useState(false);
  // What is shown, for calls that outlive a rendering.
  const kept = useRef<RunLogText>(NO_LOG);
  const show = useCallback((next: RunLogText) => {
    kept.current = next;
    setLog(next);
    setProblem(null);
  }, []);

  const follow = useCallback(async (): Promise<number | null> => {
    try {
      const first = endOf(kept.current) === null;
      const part = await commands.runLog(skill, runId, endOf(kept.current) ?? -LOG_PART, LOG_PART);
      show(withNewer(kept.current, part));
      if (part.complete) return null;
      // Whether that was all is only known at the end.
      if (first) return SHORT_PAUSE_MS;
      return part.text.length > LOG_PART / 2 ? 0 : PAUSE_MS;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return 2 * PAUSE_MS;
    }
  }, [commands, show, skill, runId]);

  useEffect(() => {
    if (paused || epoch === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let going = true;
    const next = async (): Promise<void> => {
      const pause = document.visibilityState === "hidden" ? PAUSE_MS : await follow();
      if (going && pause !== null) timer = setTimeout(() => void next(), pause);
    };
    void next();
    return () => {
      going = false;
      clearTimeout(timer);
    };
  }, [follow, paused, epoch]);

  async function older(): Promise<void> {
    const start = startOf(log);
    if (start === null || start === 0) return;
    setLoading(true);
    try {
      const parts = await partsBefore(start, (offset, limit) => commands.runLog(skill, runId, offset, limit));
      show(withOlder(kept.current, start, parts)); // with what has come meanwhile
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setLoading(false);
    }
  }

  const all = useMemo(() => linesOfLog(log), [log]);
  const lines = useMemo(() => findLines(all, search), [all, search]);
  const before = startOf(log) ?? 0;

  return (
    <div
      data-log-complete={log.complete}
      className="overflow-hidden rounded-lg border border-line bg-surface"
    >
      <div className="flex items-center gap-2 border-b border-line p-1.5">
        <Search label="Search the run’s log" value={search} onChange={setSearch} />
        {!log.complete && (
          <Button icon={paused ? "play" : "pause"} aria-pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? "Follow" : "Pause"}
          </Button>
        )}
      </div>
      {problem && (
        <div className="p-2">
          <Notice tone="warn">{problem}</Notice>
        </div>
      )}
      {before > 0 && (
        <button
          type="button"
          disabled={loading}
          onClick={() => void older()}
          className="w-full border-b border-line px-3 py-1.5 text-xs text-accent hover:bg-hover disabled:opacity-50"
        >
          {loading ? "Loading…" : "Load what was before"}
        </button>
      )}
      {lines.length === 0 ? (
        <p className="px-3 py-6 text-center text-faint">
          {all.length > 0 ? "No line matches." : log.complete ? "The run wrote nothing." : "Nothing yet."}
        </p>
      ) : (
        <TailRows
          label="Log of the run"
          count={lines.length}
          newest={lines.at(-1)}
          lineHeight={18}
          follows={!paused && search === ""}
          render={(index) => <p className="min-h-[18px] whitespace-pre-wrap wrap-anywhere">{lines[index]}</p>}
          className="max-h-96 min-h-24 bg-sunken leading-[18px]"
        />
      )}
      <p className="border-t border-line px-3 py-1 text-xs text-faint">
        {search === ""
          ? formatCount(all.length, "line")
          : `${lines.length.toLocaleString("en")} of ${formatCount(all.length, "line")}`}
        {log.complete ? " · complete" : paused ? " · paused" : " · following"}
      </p>
    </div>
  );
}
