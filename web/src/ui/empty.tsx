import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

/** What stands where there is nothing to show: why, and what to do. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="m-auto flex max-w-sm flex-col items-center gap-2 px-6 py-12 text-center">
      <span className="mb-2 grid size-10 place-items-center rounded-xl border border-line bg-surface text-faint">
        <Icon name={icon} />
      </span>
      <h2 className="text-base font-semibold">{title}</h2>
      {children && <div className="text-balance wrap-anywhere text-quiet">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  );
}

/** A quiet sign that something is being fetched. It stays invisible for the first 200 ms. */
export function Loading({ label }: { label: string }) {
  return (
    <div role="status" className="m-auto flex animate-appear items-center gap-2.5 p-8 text-faint">
      <span className="size-3.5 animate-spin rounded-full border-[1.5px] border-edge border-t-accent" />
      {label}
    </div>
  );
}

/** What stands in the place of something that was asked for: that it comes, or why it does not. */
export function Awaited({
  icon,
  label,
  problem,
  title,
  again,
}: {
  icon: IconName;
  label: string;
  /** null while the answer is on its way. */
  problem: string | null;
  title: string;
  again: () => void;
}) {
  if (problem === null) return <Loading label={label} />;
  return (
    <Empty
      icon={icon}
      title={title}
      action={
        <Button icon="refresh" onClick={again}>
          Try again
        </Button>
      }
    >
      {problem}
    </Empty>
  );
}

/** Grey lines in the place of a list that is still on its way. */
export function Skeleton({ rows, className }: { rows: number; className: string }) {
  return (
    <div aria-hidden="true" className="animate-appear">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={className}>
          <div className="h-3 w-2/5 rounded bg-line" />
          <div className="mt-2 h-2.5 w-3/5 rounded bg-line/60" />
        </div>
      ))}
    </div>
  );
}
