import { useCallback } from "react";
import type { ReactNode } from "react";
import type { Episode } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes } from "@/text/numbers.ts";
import { formatDuration, formatRecorded } from "@/text/time.ts";
import { Badge } from "@/ui/badge.tsx";
import { Icon } from "@/ui/icons.tsx";
import { VirtualRows } from "@/ui/virtual_rows.tsx";
import type { Sort, SortKey } from "./sort_episodes.ts";
import { UNSORTED, nextSort } from "./sort_episodes.ts";
import { Thumbnail } from "./thumbnail.tsx";

const ROW = 60;
/** Columns of the wide table; in a narrow one a row has two lines instead. */
const COLUMNS =
  "@3xl:grid @3xl:grid-cols-[60px_minmax(7rem,1.2fr)_minmax(10rem,1.4fr)_6rem_5rem_6rem_minmax(5rem,2fr)] @3xl:items-center @3xl:gap-4";

export function EpisodeTable({
  skill,
  episodes,
  positions,
  current,
  sort,
  onSort,
  onVisible,
}: {
  skill: string;
  episodes: readonly (Episode | undefined)[];
  /** Which of the episodes are shown, in which order. */
  positions: readonly number[];
  current: number | null;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onVisible: (first: number, last: number) => void;
}) {
  const render = useCallback(
    (row: number) => {
      const episode = episodes[positions[row] ?? -1];
      return <EpisodeRow skill={skill} episode={episode} current={episode?.id === current} />;
    },
    [skill, episodes, positions, current],
  );
  return (
    <div className="@container flex min-h-0 flex-1 flex-col">
      <div
        role="group"
        aria-label="Sort episodes"
        className={`hidden h-8 shrink-0 border-b border-line px-4 text-xs text-faint ${COLUMNS}`}
      >
        <span />
        <Head label="Episode" sortKey="order" sort={sort} onSort={onSort} />
        <Head label="Recorded" sortKey="start" sort={sort} onSort={onSort} />
        <Head label="Duration" sortKey="duration" sort={sort} onSort={onSort} right />
        <Head label="Frames" sortKey="frames" sort={sort} onSort={onSort} right />
        <Head label="Size" sortKey="size" sort={sort} onSort={onSort} right />
        <Head label="Problems" sortKey="problems" sort={sort} onSort={onSort} />
      </div>
      <SortChoice sort={sort} onSort={onSort} />
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

const CHOICES: readonly { readonly sort: Sort; readonly label: string }[] = [
  { sort: UNSORTED, label: "In the dataset’s order" },
  { sort: { key: "order", descending: true }, label: "Last first" },
  { sort: { key: "duration", descending: true }, label: "Longest first" },
  { sort: { key: "duration", descending: false }, label: "Shortest first" },
  { sort: { key: "size", descending: true }, label: "Largest first" },
  { sort: { key: "problems", descending: true }, label: "Problems first" },
];

/** Where there is no room for columns with heads. */
function SortChoice({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const chosen = CHOICES.findIndex(
    (choice) => choice.sort.key === sort.key && choice.sort.descending === sort.descending,
  );
  return (
    <label className="flex h-9 shrink-0 items-center border-b border-line px-4 text-xs text-faint @3xl:hidden">
      <span className="sr-only">Sort episodes</span>
      <select
        value={chosen}
        onChange={(event) => onSort(CHOICES[Number(event.target.value)]?.sort ?? UNSORTED)}
        className="-ml-1 h-full min-w-0 flex-1 bg-transparent text-quiet"
      >
        {chosen < 0 && <option value={-1}>By {sort.key}</option>}
        {CHOICES.map((choice, index) => (
          <option key={choice.label} value={index}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
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

function EpisodeRow({
  skill,
  episode,
  current,
}: {
  skill: string;
  episode: Episode | undefined;
  current: boolean;
}) {
  if (!episode) {
    return (
      <div className="flex h-full items-center gap-3 border-b border-line px-4">
        <span className="h-11 w-[60px] shrink-0 rounded bg-sunken" />
        <span className="h-3 w-1/2 rounded bg-sunken" />
      </div>
    );
  }
  const problem = episode.problems[0];
  return (
    <RouteLink
      to={{ tab: "datasets", skill, episode: episode.id }}
      aria-current={current ? "true" : undefined}
      data-episode={episode.id}
      className={`flex h-full items-center gap-3 border-b border-line px-4 hover:bg-hover aria-[current]:bg-accent-soft ${COLUMNS}`}
    >
      <Thumbnail skill={skill} episode={episode.id} />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-1.5">
          <span className="font-medium">Episode {episode.id}</span>
          {!episode.converted && <Badge>raw</Badge>}
          {problem && (
            <span className="text-warn @3xl:hidden" title={problem}>
              <Icon name="alert" className="size-3.5" />
              <span className="sr-only">{problem}</span>
            </span>
          )}
        </span>
        <span className="block truncate text-xs text-faint @3xl:hidden">
          {formatDuration(episode.duration)} · {episode.frames.toLocaleString("en")} frames
        </span>
        {episode.task && (
          <span className="block truncate text-xs text-faint max-@3xl:hidden">{episode.task}</span>
        )}
      </span>
      <Cell>{formatRecorded(episode.start) || "–"}</Cell>
      <Cell right>{formatDuration(episode.duration)}</Cell>
      <Cell right>{episode.frames.toLocaleString("en")}</Cell>
      <Cell right>{formatBytes(episode.sizeBytes)}</Cell>
      <span className="hidden min-w-0 items-center gap-1.5 text-xs text-warn @3xl:flex">
        {problem && (
          <>
            <Icon name="alert" className="size-3.5" />
            <span className="truncate" title={episode.problems.join("\n")}>
              {problem}
              {episode.problems.length > 1 && ` (+${episode.problems.length - 1})`}
            </span>
          </>
        )}
      </span>
    </RouteLink>
  );
}

function Cell({ children, right = false }: { children: ReactNode; right?: boolean }) {
  return (
    <span className={`hidden truncate text-quiet @3xl:block ${right ? "text-right" : ""}`}>{children}</span>
  );
}
