import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";

/** A scrolling list of rows of one height, of which only the visible ones exist. */
export function VirtualRows({
  count,
  rowHeight,
  label,
  render,
  keyOf,
  onVisible,
  reveal,
  className = "",
}: {
  count: number;
  rowHeight: number;
  label: string;
  render: (index: number) => ReactNode;
  keyOf: (index: number) => string | number;
  /** Told which rows can be seen, for lists that are fetched by pages. */
  onVisible?: (first: number, last: number) => void;
  /** A row that is scrolled into view when it changes. */
  reveal?: number | undefined;
  className?: string;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  // The compiler's rule does not know this library's mutable instance; nothing here is memoised by it.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan: 6,
  });
  useEffect(() => {
    rows.measure();
  }, [rows, rowHeight]);

  const visible = rows.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count > 0) onVisible?.(first, last);
  }, [onVisible, first, last, count]);

  useEffect(() => {
    if (reveal !== undefined && reveal >= 0) rows.scrollToIndex(reveal, { align: "auto" });
  }, [rows, reveal]);

  return (
    <div ref={scroller} className={`min-h-0 flex-1 overflow-y-auto overscroll-contain ${className}`}>
      <div role="list" aria-label={label} className="relative w-full" style={{ height: rows.getTotalSize() }}>
        {visible.map((row) => (
          <div
            key={row.key}
            role="listitem"
            aria-posinset={row.index + 1}
            aria-setsize={count}
            className="absolute inset-x-0 top-0"
            style={{ height: row.size, transform: `translateY(${row.start}px)` }}
          >
            {render(row.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
