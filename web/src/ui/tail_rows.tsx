import { defaultKeyExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";

/** Lines of which only the visible ones exist. They follow the newest one until the reader scrolls up. */
export function TailRows({
  label,
  count,
  newest,
  lineHeight,
  follows = true,
  render,
  keyOf = defaultKeyExtractor,
  className,
}: {
  label: string;
  count: number;
  /** What tells the newest line from the one before, where old ones fall out and the count stays. */
  newest: string | number | undefined;
  lineHeight: number;
  follows?: boolean;
  render: (index: number) => ReactNode;
  /** The same function as long as the keys are: with another one all lines are measured anew. */
  keyOf?: (index: number) => string | number;
  className: string;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    getItemKey: keyOf,
    overscan: 20,
  });
  const height = rows.scrollRect?.height;
  useEffect(() => {
    if (follows && atEnd.current) rows.scrollToIndex(count - 1, { align: "end" });
  }, [rows, newest, count, follows, height]);

  return (
    <div
      ref={scroller}
      role="log"
      aria-label={label}
      // Scrolls, so the keyboard must be able to reach it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
      className={`overflow-y-auto overscroll-contain py-1 font-mono text-2xs ${className}`}
    >
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => (
          <div
            key={row.key}
            ref={rows.measureElement}
            data-index={row.index}
            className="absolute inset-x-0 top-0 px-3"
            style={{ transform: `translateY(${row.start}px)` }}
          >
            {render(row.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
