import type { Finding, Severity } from "@/ros/editing.ts";
import type { Verdict } from "@/ros/messages.ts";
import { formatCount } from "@/text/numbers.ts";
import { Badge } from "@/ui/badge.tsx";
import type { Tone } from "@/ui/badge.tsx";
import { Icon } from "@/ui/icons.tsx";
import { worst } from "./check/findings.ts";

export const SEVERITY_TONE: Readonly<Record<Severity, Tone>> = {
  error: "danger",
  warning: "warn",
  note: "neutral",
};

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  if (verdict === "") return null;
  return verdict === "keep" ? <Badge tone="ok">keep</Badge> : <Badge tone="danger">rejected</Badge>;
}

/** How many findings there are, coloured by the worst. */
export function FindingsBadge({ findings }: { findings: readonly Finding[] }) {
  const severity = worst(findings);
  if (!severity) return null;
  const label = `${formatCount(findings.length, "finding")}, the worst: ${severity}`;
  return (
    <span title={`${label}\n${findings.map((finding) => finding.message).join("\n")}`}>
      <Badge tone={SEVERITY_TONE[severity]}>
        <span aria-hidden="true" className="flex items-center gap-0.5">
          <Icon name="shield" className="size-3" />
          {findings.length}
        </span>
        <span className="sr-only">{label}</span>
      </Badge>
    </span>
  );
}
