import { useCallback, useMemo, useState } from "react";
import type { Level, LogLine } from "@/ros/messages.ts";
import { formatTimeOfDay } from "@/text/time.ts";
import { Button } from "@/ui/button.tsx";
import { INPUT, Search } from "@/ui/search.tsx";
import { TailRows } from "@/ui/tail_rows.tsx";
import { LEVELS, filterLogs, linesAfter } from "./filter_logs.ts";

export const LEVEL_LOOK: Readonly<Record<Level, string>> = {
  debug: "text-faint",
  info: "text-quiet",
  warning: "text-warn",
  error: "text-danger",
  fatal: "text-danger font-semibold",
};

const SHORT: Readonly<Record<Level, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

/** The log with its filters. It follows the newest line until the reader scrolls up or pauses it. */
export function LogView({ logs }: { logs: readonly LogLine[] }) {
  const [level, setLevel] = useState<Level>("info");
  const [search, setSearch] = useState("");
  const [paused, setPaused] = useState<readonly LogLine[] | null>(null);
  const source = paused ?? logs;
  const lines = useMemo(() => filterLogs(source, { level, search }), [source, level, search]);
  const keyOf = useCallback((index: number) => lines[index]?.key ?? index, [lines]);
  const arrived = paused ? linesAfter(logs, paused.at(-1)?.key ?? null) : [];
  const waiting = filterLogs(arrived, { level, search }).length;

  return (
    <>
      <div className="flex items-center gap-2 px-3 py-1.5">
        <Search label="Search the log" value={search} onChange={setSearch} />
        <label className="shrink-0">
          <span className="sr-only">Least serious level shown</span>
          <select value={level} onChange={(event) => setLevel(event.target.value as Level)} className={INPUT}>
            {LEVELS.slice(0, 4).map((option) => (
              <option key={option} value={option}>
                {option === "debug" ? "everything" : option === "error" ? "errors" : `${option} +`}
              </option>
            ))}
          </select>
        </label>
        <Button
          icon={paused ? "play" : "pause"}
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused ? null : logs)}
          className="shrink-0"
        >
          <span className="max-sm:sr-only">{paused ? "Resume" : "Pause"}</span>
          {waiting > 0 && <span className="text-faint">({waiting})</span>}
        </Button>
      </div>
      {lines.length === 0 ? (
        <p className="px-4 py-6 text-center text-faint">
          {logs.length === 0 ? "Nothing has been logged yet." : "No line matches."}
        </p>
      ) : (
        <TailRows
          label="Log lines"
          count={lines.length}
          newest={lines.at(-1)?.key}
          lineHeight={20}
          keyOf={keyOf}
          render={(index) => {
            const line = lines[index];
            return line && <Line line={line} />;
          }}
          className="min-h-0 flex-1 bg-surface leading-5"
        />
      )}
    </>
  );
}

function Line({ line }: { line: LogLine }) {
  return (
    <p className="flex gap-2.5 max-md:flex-wrap max-md:gap-x-2">
      <time className="shrink-0 text-faint" dateTime={new Date(line.time).toISOString()}>
        {formatTimeOfDay(line.time)}
      </time>
      <span className={`w-10 shrink-0 ${LEVEL_LOOK[line.level]}`}>{SHORT[line.level]}</span>
      <span className="shrink-0 text-faint max-md:hidden">{line.name}</span>
      <span
        className={`min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere max-md:basis-full ${LEVEL_LOOK[line.level]}`}
      >
        {line.message}
      </span>
    </p>
  );
}
