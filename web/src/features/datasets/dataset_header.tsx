import { UploadButton } from "@/features/upload/upload_button.tsx";
import type { Camera, Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes, formatCount, formatRate } from "@/text/numbers.ts";
import { Badge, Problems } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Icon } from "@/ui/icons.tsx";
import { Menu } from "@/ui/menu.tsx";
import type { MenuItem } from "@/ui/menu.tsx";
import { worst } from "./check/findings.ts";
import type { Check } from "./check/use_check.ts";
import { SEVERITY_TONE } from "./marks_view.tsx";
import type { Episodes } from "./use_episodes.ts";

/** What a dataset is, and what can be done with it. */
export function DatasetHeader({
  name,
  listed,
  episodes,
  narrow,
  check,
  checkOpen,
  onCheck,
  commands,
}: {
  name: string;
  listed: Skill | undefined;
  episodes: Episodes;
  /** Beside an opened episode there is little room. */
  narrow: boolean;
  check: Check;
  checkOpen: boolean;
  onCheck: () => void;
  commands: readonly MenuItem[];
}) {
  const { dataset } = episodes;
  const total = dataset ? episodes.episodes.length : (listed?.episodeCount ?? 0);
  const facts = [
    formatCount(total, "episode"),
    dataset?.format ?? listed?.datasetFormat ?? "",
    formatRate(dataset?.rate ?? listed?.rate ?? 0),
    listed ? formatBytes(listed.sizeBytes) : "",
  ];
  const cameras = dataset?.cameras.map(cameraText) ?? [];
  return (
    <header className="space-y-1 border-b border-line px-4 py-2.5">
      <div className="flex items-center gap-2">
        <RouteLink
          to={{ tab: "datasets" }}
          aria-label="Back to the datasets"
          className={`-ml-2 grid size-11 shrink-0 md:size-8 place-items-center rounded-md text-quiet hover:bg-hover ${narrow ? "xl:hidden" : "md:hidden"}`}
        >
          <Icon name="back" />
        </RouteLink>
        <h1
          className={`min-w-0 flex-1 text-base font-semibold wrap-anywhere ${narrow ? "truncate" : "line-clamp-2"}`}
          title={listed?.displayName ?? name}
        >
          {listed?.displayName ?? name}
        </h1>
        {listed && (
          <div data-actions className="-mr-2 flex shrink-0 items-center gap-1">
            {!narrow && <UploadButton skill={name} compact />}
            {!narrow && <CheckButton check={check} open={checkOpen} onClick={onCheck} />}
            <Menu label="More actions" icon="more" items={commands} />
          </div>
        )}
      </div>
      <p className={`text-xs text-faint ${narrow ? "truncate" : ""}`}>{facts.filter(Boolean).join(" · ")}</p>
      {!narrow && cameras.length > 0 && (
        <p className="flex flex-wrap gap-x-4 gap-y-0.5 pb-0.5 text-xs text-quiet">
          {cameras.map((text) => (
            <span key={text} className="inline-flex items-center gap-1.5">
              <Icon name="camera" className="size-3.5 text-faint" />
              {text}
            </span>
          ))}
        </p>
      )}
      {!narrow && <Problems tone="warn" problems={dataset?.problems ?? listed?.datasetProblems ?? []} />}
    </header>
  );
}

function CheckButton({ check, open, onClick }: { check: Check; open: boolean; onClick: () => void }) {
  const { result, job } = check;
  const severity = worst(result?.findings ?? []);
  return (
    <Button
      icon="shield"
      aria-pressed={open}
      title="What a check of every file found"
      onClick={onClick}
      className="aria-pressed:bg-hover"
    >
      <span className="max-sm:sr-only">Check</span>
      {job ? (
        <Badge tone="accent">
          {job.state === "queued" ? "waiting" : `${Math.round(job.fraction * 100)} %`}
        </Badge>
      ) : result?.checked && !result.current ? (
        <Badge tone="warn">stale</Badge>
      ) : severity ? (
        <Badge tone={SEVERITY_TONE[severity]}>{result?.findings.length}</Badge>
      ) : (
        result?.checked && (
          <span className="text-ok">
            <Icon name="check" className="size-3.5" />
            <span className="sr-only">nothing found</span>
          </span>
        )
      )}
    </Button>
  );
}

function cameraText(camera: Camera): string {
  const size = camera.width > 0 ? `${camera.width} × ${camera.height}` : "";
  return [camera.name, [size, camera.codec, camera.pixFmt].filter(Boolean).join(" ")]
    .filter(Boolean)
    .join(": ");
}
