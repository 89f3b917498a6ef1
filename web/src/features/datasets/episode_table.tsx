import { useCallback } from "react";
import type { MouseEvent, ReactNode } from "react";
import type { Finding } from "@/ros/editing.ts";
import type { Episode } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes } from "@/text/numbers.ts";
import { formatDuration, formatRecorded } from "@/text/time.ts";
import { Badge } from "@/ui/badge.tsx";
import { Icon } from "@/ui/icons.tsx";
import { VirtualRows } from "@/ui/virtual_rows.tsx";
import type { FindingsOf } from "./filter_episodes.ts";
import { FindingsBadge, VerdictBadge } from "./marks_view.tsx";
import { SelectBox } from "./select_box.tsx";
import type { Sort, SortKey } from "./sort_episodes.ts";
import { nextSort } from "./sort_episodes.ts";
import { Thumbnail } from "./thumbnail.tsx";
import type { Selecting } from "./use_selection.ts";

const ROW = 60;
/** Columns of the wide table; in a narrow one a row has two lines instead. */
const COLUMNS =
  "@4xl:grid @4xl:grid-cols-[60px_minmax(11rem,1.6fr)_minmax(9rem,1.2fr)_5rem_4rem_5rem_minmax(5rem,2fr)] @4xl:items-center @4xl:gap-4";

export function EpisodeTable({
  skill,
  episodes,
  positions,
  current,
  sort,
  onSort,
  onVisible,
  selecting,
  findingsOf,
}: {
  skill: string;
  episodes: readonly (Episode | undefined)[];
  /** Which of the episodes are shown, in which order. */
  positions: readonly number[];
  current: number | null;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onVisible: (first: number, last: number) => void;
  selecting: Selecting;
  findingsOf: FindingsOf;
}) {
  const render = useCallback(
    (row: number) => {
      const episode = episodes[positions[row] ?? -1];
      if (!episode) return <EmptyRow />;
      return (
        <EpisodeRow
          skill={skill}
          episode={episode}
          row={row}
          current={episode.id === current}
          selected={selecting.ids.has(episode.id)}
          selecting={selecting}
          findings={findingsOf(episode.id)}
        />
      );
    },
    [skill, episodes, positions, current, selecting, findingsOf],
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        role="group"
        aria-label="Sort episodes"
        className={`hidden h-8 shrink-0 border-b border-line pr-4 pl-11 text-xs text-faint ${COLUMNS}`}
      >
        <span />
        <Head label="Episode" sortKey="order" sort={sort} onSort={onSort} />
        <Head label="Recorded" sortKey="start" sort={sort} onSort={onSort} />
        <Head label="Duration" sortKey="duration" sort={sort} onSort={onSort} right />
        <Head label="Frames" sortKey="frames" sort={sort} onSort={onSort} right />
        <Head label="Size" sortKey="size" sort={sort} onSort={onSort} right />
        <Head label="Problems" sortKey="problems" sort={sort} onSort={onSort} />
      </div>
      <VirtualRows
        label="Episodes"
        count={positions.length}
        rowHeight={ROW}
        keyOf={(row) => positions[row] ?? row}
        reveal={current === null ? -1 : positions.findIndex((position) => episodes[position]?.id === current)}
        onVisible={onVisible}
        render={render}
      />
    </div>
  );
}

function Head({
  label,
  sortKey,
  sort,
  onSort,
  right = false,
}: {
  label: string;
  sortKey: SortKey;
  sort: Sort;
  onSort: (sort: Sort) => void;
  right?: boolean;
}) {
  const active = sort.key === sortKey;
  const next = nextSort(sort, sortKey);
  return (
    <button
      type="button"
      onClick={() => onSort(next)}
      title={`Sort by ${label.toLowerCase()}`}
      aria-label={`${label}${active ? (sort.descending ? ", sorted downwards" : ", sorted upwards") : ""}`}
      className={`flex items-center gap-1 rounded hover:text-ink ${right ? "justify-end" : ""} ${active && sortKey !== "order" ? "font-medium text-ink" : ""}`}
    >
      {label}
      {active && (sortKey !== "order" || sort.descending) && (
        <Icon name={sort.descending ? "arrowDown" : "arrowUp"} className="size-3" />
      )}
    </button>
  );
}

function EmptyRow() {
  return (
    <div className="flex h-full items-center gap-3 border-b border-line pr-4 pl-11">
      <span className="h-11 w-[60px] shrink-0 rounded bg-sunken" />
      <span className="h-3 w-1/2 rounded bg-sunken" />
    </div>
  );
}

function EpisodeRow({
  skill,
  episode,
  row,
  current,
  selected,
  selecting,
  findings,
}: {
  skill: string;
  episode: Episode;
  row: number;
  current: boolean;
  selected: boolean;
  selecting: Selecting;
  findings: readonly Finding[];
}) {
  const problem = episode.problems[0];
  const trouble = problem ?? findings[0]?.message;
  const troubles = [...episode.problems, ...findings.map((finding) => finding.message)];
  const length = episode.frames > 0 ? formatDuration(episode.duration) : null;
  const frames = episode.frames > 0 ? episode.frames.toLocaleString("en") : "–";
  const select = (event: MouseEvent): boolean => {
    if (event.shiftKey) selecting.extend(episode.id);
    else if (event.ctrlKey || event.metaKey) selecting.toggle(episode.id);
    else return false;
    return true;
  };
  return (
    <div
      className={`flex h-full items-stretch border-b border-line pr-4 select-none ${current ? "bg-accent-soft" : selected ? "bg-accent-soft/60" : "hover:bg-hover"}`}
    >
      <SelectBox
        label={`Select episode ${episode.id}`}
        checked={selected}
        onChange={(event) => {
          if (!select(event)) selecting.toggle(episode.id);
        }}
      />
      <RouteLink
        to={{ tab: "datasets", skill, episode: episode.id }}
        aria-current={current ? "true" : undefined}
        data-episode={episode.id}
        data-row={row}
        onClickCapture={(event) => {
          if (select(event)) event.preventDefault();
        }}
        className={`flex min-w-0 flex-1 items-center gap-3 -outline-offset-2 ${COLUMNS}`}
      >
        <Thumbnail skill={skill} episode={episode.id} seen={episode.cameras.length > 0} />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-1.5 overflow-hidden">
            <span className="shrink-0 font-medium">Episode {episode.id}</span>
            {!episode.converted && <Badge>raw</Badge>}
            <VerdictBadge verdict={episode.verdict} />
            <FindingsBadge findings={findings} />
            {problem && (
              <span className="text-warn @4xl:hidden" title={problem}>
                <Icon name="alert" className="size-3.5" />
                <span className="sr-only">{problem}</span>
              </span>
            )}
          </span>
          <span className="block truncate text-xs text-faint @4xl:hidden">
            {length ?? "nothing readable"}
            {episode.note ? <Note note={episode.note} /> : length && ` · ${frames} frames`}
          </span>
          {(episode.note || episode.task) && (
            <span className="block truncate text-xs text-faint @max-4xl:hidden">
              {episode.note ? <Note note={episode.note} /> : episode.task}
            </span>
          )}
        </span>
        <Cell>{formatRecorded(episode.start) || "–"}</Cell>
        <Cell right>{length ?? "–"}</Cell>
        <Cell right>{frames}</Cell>
        <Cell right>{formatBytes(episode.sizeBytes)}</Cell>
        <span
          className={`hidden min-w-0 items-center gap-1.5 text-xs @4xl:flex ${problem ? "text-warn" : "text-quiet"}`}
        >
          {trouble && (
            <>
              {problem && <Icon name="alert" className="size-3.5" />}
              <span className="truncate" title={troubles.join("\n")}>
                {trouble}
                {troubles.length > 1 && ` (+${troubles.length - 1})`}
              </span>
            </>
          )}
        </span>
      </RouteLink>
    </div>
  );
}

function Note({ note }: { note: string }) {
  return (
    <span title={note} className="text-quiet">
      <Icon name="note" className="mx-1 -mt-0.5 inline size-3" />
      <span className="sr-only">Note: </span>
      {note}
    </span>
  );
}

function Cell({ children, right = false }: { children: ReactNode; right?: boolean }) {
  return (
    <span className={`hidden truncate text-quiet @4xl:block ${right ? "text-right" : ""}`}>{children}</span>
  );
}
