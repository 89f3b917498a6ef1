import type { Finding } from "@/ros/editing.ts";
import { Badge } from "@/ui/badge.tsx";
import { SEVERITY_TONE } from "../marks_view.tsx";

/** One finding: how bad, what it means, what to do. */
export function FindingView({ finding }: { finding: Finding }) {
  return (
    <li className="flex items-start gap-2">
      <Badge tone={SEVERITY_TONE[finding.severity]}>{finding.severity}</Badge>
      <div className="min-w-0">
        <p className="wrap-anywhere">
          {finding.camera && <span className="font-medium">{finding.camera}: </span>}
          {finding.message}
        </p>
        {finding.remedy && <p className="wrap-anywhere text-quiet">{finding.remedy}</p>}
      </div>
    </li>
  );
}

/** What the last check found in one episode; nothing where it found nothing. */
export function EpisodeFindings({
  findings,
  stale,
}: {
  findings: readonly Finding[];
  /** The dataset has changed since that check. */
  stale: boolean;
}) {
  if (findings.length === 0) return null;
  return (
    <section aria-label="Findings" className="rounded-lg border border-line px-3 py-2.5">
      <h3 className="eyebrow mb-1.5">{stale ? "Found before the dataset changed" : "Found by the check"}</h3>
      <ul className="space-y-2">
        {findings.map((finding) => (
          <FindingView key={`${finding.code} ${finding.camera} ${finding.message}`} finding={finding} />
        ))}
      </ul>
    </section>
  );
}
