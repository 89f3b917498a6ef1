import type { ReactNode } from "react";
import { Icon } from "./icons.tsx";

export type Tone = "neutral" | "accent" | "ok" | "warn" | "danger";

const TONES: Record<Tone, string> = {
  neutral: "bg-sunken text-quiet",
  accent: "bg-accent-soft text-accent",
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
};

export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex h-5 shrink-0 items-center rounded-[5px] px-1.5 text-2xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}

/** Something that the user should know, where it matters. */
export function Notice({
  tone,
  title,
  children,
  actions,
}: {
  tone: "warn" | "danger" | "accent" | "neutral";
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={`flex gap-2.5 rounded-lg px-3 py-2.5 text-sm ${TONES[tone]}`}
    >
      <Icon name="alert" className="mt-0.5" />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="wrap-anywhere text-ink/85">{children}</div>}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}

/** Several sentences about what is wrong. */
export function Problems({ tone, problems }: { tone: "warn" | "danger"; problems: readonly string[] }) {
  if (problems.length === 0) return null;
  return (
    <Notice tone={tone}>
      {problems.length === 1 ? (
        problems[0]
      ) : (
        <ul className="list-disc space-y-1 pl-4">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
