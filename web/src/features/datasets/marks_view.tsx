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
  const [tone, icon, text] =
    verdict === "keep"
      ? (["ok", "thumbUp", "keep"] as const)
      : (["danger", "thumbDown", "rejected"] as const);
  return (
    <span className="inline-flex" title={text}>
      <Badge tone={tone}>
        <Icon name={icon} className="size-3" />
        <span className="ml-1 @max-sm:sr-only @4xl:@max-6xl:sr-only">{text}</span>
      </Badge>
    </span>
  );
}

/** How many findings there are, coloured by the worst. */
export function FindingsBadge({ findings }: { findings: readonly Finding[] }) {
  const severity = worst(findings);
  if (!severity) return null;
  const label = `${formatCount(findings.length, "finding")}, the worst: ${severity}`;
  return (
    <span
      className="inline-flex"
      title={`${label}\n${findings.map((finding) => finding.message).join("\n")}`}
    >
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
