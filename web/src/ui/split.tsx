import type { ReactNode } from "react";

/** A list beside what was chosen from it; on a phone one after the other. */
export function Split({
  list,
  detail,
  chosen,
  listLabel,
  detailLabel,
  listWidth,
}: {
  list: ReactNode;
  detail: ReactNode;
  /** Whether something is chosen: what a phone shows. */
  chosen: boolean;
  listLabel: string;
  detailLabel: string;
  /** Tailwind classes for the list's width from the size of a tablet on. */
  listWidth: string;
}) {
  return (
    <div className="flex min-h-0 flex-1">
      <section
        aria-label={listLabel}
        className={`min-h-0 min-w-0 flex-col border-line bg-canvas md:flex md:flex-none md:border-r ${listWidth} ${chosen ? "hidden" : "flex flex-1"}`}
      >
        {list}
      </section>
      <section
        aria-label={detailLabel}
        className={`min-h-0 min-w-0 flex-1 flex-col bg-surface ${chosen ? "flex" : "hidden md:flex"}`}
      >
        {detail}
      </section>
    </div>
  );
}
