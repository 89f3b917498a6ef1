/** How far something is, 0 to 1; null: it is going on, but nobody knows how far. */
export function ProgressBar({
  label,
  fraction,
  paused = false,
  className = "",
}: {
  label: string;
  fraction: number | null;
  paused?: boolean;
  className?: string;
}) {
  const percent = fraction === null ? null : Math.round(fraction * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      className={`h-1.5 overflow-hidden rounded-full bg-line ${className}`}
    >
      {fraction === null ? (
        <div
          className={`h-full w-1/3 rounded-full ${paused ? "bg-faint" : "animate-sweep bg-accent-fill"}`}
        />
      ) : (
        <div
          className={`h-full rounded-full transition-[width] duration-200 ${paused ? "bg-faint" : "bg-accent-fill"}`}
          style={{ width: `${fraction * 100}%` }}
        />
      )}
    </div>
  );
}
