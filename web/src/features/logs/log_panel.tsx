import { useMemo, useState } from "react";
import type { PointerEvent } from "react";
import { usePanel } from "@/state/panel.tsx";
import { Icon } from "@/ui/icons.tsx";
import { LEVEL_LOOK, LogView } from "./log_view.tsx";
import { filterLogs, unread } from "./filter_logs.ts";

const LEAST_HEIGHT = 120;

/** Under every page: a line with the newest message, which opens into the whole log. */
export function LogPanel() {
  const logs = usePanel((state) => state.logs);
  const [open, setOpen] = useState(false);
  const [height, setHeight] = useState(260);
  const [seen, setSeen] = useState<string | null>(null);
  // Details, such as each question about runs, are there for whoever asks for everything.
  const told = useMemo(() => filterLogs(logs, { level: "info", search: "" }), [logs]);
  const newest = told.at(-1);
  const counts = unread(told, seen);

  function toggle(): void {
    setSeen(newest?.key ?? null);
    setOpen(!open);
  }

  function drag(event: PointerEvent<HTMLDivElement>): void {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const most = window.innerHeight * 0.7;
    const bottom = event.currentTarget.parentElement?.getBoundingClientRect().bottom ?? window.innerHeight;
    setHeight(Math.round(Math.min(most, Math.max(LEAST_HEIGHT, bottom - event.clientY))));
  }

  return (
    <section
      aria-label="Log"
      className={`relative flex min-h-11 flex-col border-t border-line bg-canvas md:min-h-8 ${open ? "" : "shrink-0"}`}
    >
      {open && (
        <div
          aria-hidden="true"
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={drag}
          className="absolute inset-x-0 -top-1 z-10 h-2 cursor-row-resize touch-none"
        />
      )}
      <div className="flex h-11 shrink-0 items-center md:h-8">
        <button
          type="button"
          aria-expanded={open}
          onClick={toggle}
          className="flex h-full min-w-0 flex-1 items-center gap-2 px-3 text-left text-xs hover:bg-hover"
        >
          <Icon name={open ? "chevronDown" : "chevronUp"} className="text-faint" />
          <span className="font-medium">Log</span>
          {!open && counts.errors > 0 && (
            <span className="rounded bg-danger-soft px-1.5 font-medium text-danger">
              {counts.errors}
              <span className="sr-only"> new {counts.errors === 1 ? "error" : "errors"}</span>
            </span>
          )}
          {!open && counts.warnings > 0 && (
            <span className="rounded bg-warn-soft px-1.5 font-medium text-warn">
              {counts.warnings}
              <span className="sr-only"> new {counts.warnings === 1 ? "warning" : "warnings"}</span>
            </span>
          )}
          {!open && newest && (
            <span className="min-w-0 flex-1 truncate font-mono text-2xs text-faint">
              <span className={LEVEL_LOOK[newest.level]}>{newest.message}</span>
            </span>
          )}
          {!open && counts.lines > 0 && (
            <span className="hidden text-faint sm:inline">{counts.lines.toLocaleString("en")} new</span>
          )}
        </button>
      </div>
      {open && (
        <div className="flex max-h-[55dvh] min-h-0 flex-col border-t border-line" style={{ height }}>
          <LogView logs={logs} />
        </div>
      )}
    </section>
  );
}
