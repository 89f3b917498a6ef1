import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes, formatCount } from "@/text/numbers.ts";
import { formatAgo } from "@/text/time.ts";
import { Badge, Notice } from "@/ui/badge.tsx";
import { Button, IconButton } from "@/ui/button.tsx";
import { Empty, Loading } from "@/ui/empty.tsx";
import { JobProgress } from "@/ui/job_progress.tsx";
import { SEVERITY_TONE } from "../marks_view.tsx";
import { FindingView } from "./finding_view.tsx";
import type { Group } from "./findings.ts";
import { codeTitle, grouped } from "./findings.ts";
import type { Check } from "./use_check.ts";

const LINKS = 24;

/** The last check of a dataset: what it found, what it means, what to do; and the way to check again. */
export function CheckPanel({
  skill,
  listed,
  check,
  onSelect,
  onClose,
}: {
  skill: string;
  listed: Skill | undefined;
  check: Check;
  onSelect: (episodes: readonly number[]) => void;
  onClose: () => void;
}) {
  const { result, job } = check;
  const groups = grouped(result?.findings ?? []);
  return (
    <section aria-label="Check" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex items-center gap-2 border-b border-line py-1.5 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">Check</h2>
          <p className="truncate text-xs text-faint">{summary(check)}</p>
        </div>
        {!job && result?.checked && result.current && (
          <Button icon="refresh" onClick={check.start}>
            Check again
          </Button>
        )}
        <IconButton label="Close the check" icon="close" onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 space-y-3 overflow-y-auto overscroll-contain p-4">
        {check.problem && <Notice tone="danger">{check.problem}</Notice>}
        {check.failure && !job && (
          <Notice tone="warn" title="The last check did not come to an end">
            {check.failure}
          </Notice>
        )}
        {job && (
          <div className="flex items-center gap-3 rounded-lg border border-line px-3 py-2.5">
            <div className="min-w-0 flex-1">
              <JobProgress job={job} label="Check" />
            </div>
            <Button look="danger" disabled={job.cancelling} onClick={check.cancel}>
              Cancel
            </Button>
          </div>
        )}
        {result?.checked && !result.current && (
          <Notice
            tone="warn"
            title="The dataset has changed since this check"
            actions={!job && <Button onClick={check.start}>Check again</Button>}
          />
        )}
        {!result && !check.problem && <Loading label="Asking for the last check…" />}
        {result && !result.checked && !job && <NeverChecked listed={listed} onStart={check.start} />}
        {result?.checked && groups.length === 0 && (
          <Empty icon="check" title="Nothing found">
            Every file is whole, and pictures, values and times fit together.
          </Empty>
        )}
        <ul aria-label="Findings" className="space-y-3">
          {groups.map((group) => (
            <GroupView
              key={`${group.severity} ${group.code}`}
              skill={skill}
              group={group}
              onSelect={onSelect}
            />
          ))}
        </ul>
      </div>
    </section>
  );
}

function summary({ result, job }: Check): string {
  if (job) return "Reading every file…";
  if (!result?.checked) return "Not checked yet";
  const count = (severity: string): number =>
    result.findings.filter((finding) => finding.severity === severity).length;
  const counts = (["error", "warning", "note"] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => formatCount(count(severity), severity));
  return [counts.join(", ") || "No findings", formatAgo(result.stamp, Date.now())].join(" · ");
}

function NeverChecked({ listed, onStart }: { listed: Skill | undefined; onStart: () => void }) {
  const size = listed ? ` (${formatBytes(listed.sizeBytes)})` : "";
  return (
    <Empty
      icon="shield"
      title="Find what would spoil a training"
      action={
        <Button look="primary" onClick={onStart}>
          Check now
        </Button>
      }
    >
      Reads every file of the dataset{size}: are they whole, do pictures and values fit together, are times
      regular, are there black or frozen pictures? Nothing is changed.
    </Empty>
  );
}

function GroupView({
  skill,
  group,
  onSelect,
}: {
  skill: string;
  group: Group;
  onSelect: (episodes: readonly number[]) => void;
}) {
  const [first, ...more] = group.findings;
  if (!first) return null;
  return (
    <li data-finding={group.code} className="rounded-lg border border-line">
      <div className="flex flex-wrap items-center gap-2 px-3 py-2">
        <Badge tone={SEVERITY_TONE[group.severity]}>{group.severity}</Badge>
        <h3 className="min-w-0 flex-1 font-medium">{codeTitle(group.code)}</h3>
        {group.episodes.length > 0 && (
          <Button look="quiet" className="px-2! text-accent!" onClick={() => onSelect(group.episodes)}>
            Select {formatCount(group.episodes.length, "episode")}
          </Button>
        )}
      </div>
      <div className="space-y-1.5 border-t border-line px-3 py-2">
        <p className="wrap-anywhere">
          {first.camera && <span className="font-medium">{first.camera}: </span>}
          {first.message}
        </p>
        {group.remedies.map((remedy) => (
          <p key={remedy} className="wrap-anywhere text-quiet">
            {remedy}
          </p>
        ))}
        {group.episodes.length > 0 && (
          <p className="flex flex-wrap gap-1 pt-0.5">
            {group.episodes.slice(0, LINKS).map((id) => (
              <RouteLink
                key={id}
                to={{ tab: "datasets", skill, episode: id }}
                aria-label={`Episode ${id}`}
                className="grid h-11 min-w-11 place-items-center rounded-md border border-line px-1.5 text-xs text-quiet hover:border-edge hover:bg-hover hover:text-ink md:h-7 md:min-w-8"
              >
                {id}
              </RouteLink>
            ))}
            {group.episodes.length > LINKS && (
              <span className="self-center text-xs text-faint">
                and {formatCount(group.episodes.length - LINKS, "more", "more")}
              </span>
            )}
          </p>
        )}
        {more.length > 0 && (
          <details>
            <summary className="cursor-pointer py-3 md:py-1 text-xs text-quiet hover:text-ink">
              All {group.findings.length} of them
            </summary>
            <ul className="mt-1 space-y-2 text-xs">
              {group.findings.map((finding, row) => (
                <FindingView key={row} finding={finding} />
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  );
}
