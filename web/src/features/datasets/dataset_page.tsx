import { useCallback, useEffect, useMemo, useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { usePanel } from "@/state/panel.tsx";
import { selectLoaded, selectSkill } from "@/state/selectors.ts";
import { formatBytes, formatCount, formatRate } from "@/text/numbers.ts";
import { Notice, Problems } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Empty, Loading, Skeleton } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { EpisodePage } from "./episode_page.tsx";
import { EpisodeTable } from "./episode_table.tsx";
import { PAGE } from "./episode_pages.ts";
import { clockRate } from "./player/frames.ts";
import { UNSORTED, sortedPositions } from "./sort_episodes.ts";
import type { Episodes } from "./use_episodes.ts";
import { useEpisodes } from "./use_episodes.ts";

/** The recordings of one skill, and one of them opened. Mounted anew for another skill. */
export function DatasetPage({ name, current }: { name: string; current: number | null }) {
  const listed = usePanel(selectSkill(name));
  const listLoaded = usePanel(selectLoaded);
  const episodes = useEpisodes(name, listed);
  const [sort, setSort] = useState(UNSORTED);
  const [problemsOnly, setProblemsOnly] = useState(false);
  const { ensure, ensureAll } = episodes;
  const complete = problemsOnly || sort.key !== "order";

  const positions = useMemo(
    () => sortedPositions(episodes.episodes, sort, problemsOnly),
    [episodes.episodes, sort, problemsOnly],
  );
  useEffect(() => {
    if (complete) ensureAll();
  }, [complete, ensureAll, episodes.episodes.length]);
  const onVisible = useCallback(
    (first: number, last: number) => {
      const rows = positions.slice(first, last + 1);
      if (rows.length > 0) ensure(Math.min(...rows), Math.max(...rows));
    },
    [ensure, positions],
  );

  const { episode, previous, next } = useCurrent(episodes, positions, current);
  const gone = listLoaded && !listed;

  return (
    <div className="flex min-h-0 min-w-0 flex-1">
      <div
        className={`min-h-0 min-w-0 flex-col border-line ${current === null ? "flex flex-1" : "hidden w-72 shrink-0 border-r md:flex xl:w-80"}`}
      >
        <DatasetHeader
          name={name}
          listed={listed}
          episodes={episodes}
          narrow={current !== null}
          problemsOnly={problemsOnly}
          onProblemsOnly={() => setProblemsOnly(!problemsOnly)}
        />
        {gone && (
          <div className="p-3">
            <Notice tone="danger" title="This skill is no longer there" />
          </div>
        )}
        {!gone && episodes.problem && (
          <div className="p-3">
            <Notice
              tone="danger"
              title="The episodes can't be read"
              actions={<Button onClick={() => ensure(0, PAGE - 1)}>Try again</Button>}
            >
              {episodes.problem}
            </Notice>
          </div>
        )}
        {episodes.dataset === null && !episodes.problem && (
          <Skeleton rows={8} className="mx-4 h-[60px] border-b border-line py-3.5" />
        )}
        {episodes.dataset !== null && positions.length === 0 && (
          <Empty icon="film" title={problemsOnly ? "No problems" : "No episodes"}>
            {problemsOnly
              ? episodes.loading
                ? "Looking through all episodes…"
                : "Every episode reads well."
              : "The dataset is there, but nothing is recorded in it."}
          </Empty>
        )}
        {positions.length > 0 && (
          <EpisodeTable
            skill={name}
            episodes={episodes.episodes}
            positions={positions}
            current={current}
            sort={sort}
            onSort={setSort}
            onVisible={onVisible}
          />
        )}
      </div>
      {current !== null && (
        <section aria-label={`Episode ${current}`} className="flex min-h-0 min-w-0 flex-1 flex-col">
          {episode && episodes.dataset ? (
            <EpisodePage
              key={`${episode.id} ${episode.frames}`}
              skill={name}
              episode={episode}
              cameras={episodes.dataset.cameras}
              rate={clockRate(episodes.dataset.rate, episode.frames, episode.duration)}
              previous={previous}
              next={next}
            />
          ) : (
            <NoEpisode
              name={name}
              id={current}
              searching={episodes.loading || episodes.dataset === null}
              problem={episodes.problem}
            />
          )}
        </section>
      )}
    </div>
  );
}

/** The opened episode and its neighbours as the table shows them; fetches what is missing for that. */
function useCurrent(episodes: Episodes, positions: readonly number[], id: number | null) {
  const { episodes: rows, ensure, ensureAll } = episodes;
  const position = id === null ? -1 : rows.findIndex((episode) => episode?.id === id);
  const known = rows.length > 0;
  useEffect(() => {
    if (id === null || !known) return;
    if (position >= 0) ensure(position - 1, position + 1);
    // Ids nearly always count up with the rows; where they don't, all are looked through.
    else if (id < rows.length && rows[id] === undefined) ensure(id, id);
    else ensureAll();
  }, [id, known, position, rows, ensure, ensureAll]);

  const row = positions.indexOf(position);
  const at = (index: number): number | null => rows[positions[index] ?? -1]?.id ?? null;
  return {
    episode: rows[position],
    previous: row > 0 ? at(row - 1) : null,
    next: row >= 0 ? at(row + 1) : null,
  };
}

function NoEpisode({
  name,
  id,
  searching,
  problem,
}: {
  name: string;
  id: number;
  searching: boolean;
  problem: string | null;
}) {
  if (searching && !problem) return <Loading label="Opening the episode…" />;
  return (
    <Empty
      icon="film"
      title={`Episode ${id} can't be shown`}
      action={
        <RouteLink to={{ tab: "datasets", skill: name }} className="font-medium text-accent hover:underline">
          Back to the episodes
        </RouteLink>
      }
    >
      {problem ?? "The dataset has no episode with this number."}
    </Empty>
  );
}

function DatasetHeader({
  name,
  listed,
  episodes,
  narrow,
  problemsOnly,
  onProblemsOnly,
}: {
  name: string;
  listed: Skill | undefined;
  episodes: Episodes;
  narrow: boolean;
  problemsOnly: boolean;
  onProblemsOnly: () => void;
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
    <header className="space-y-2 border-b border-line px-4 py-2.5">
      <div className="flex items-center gap-2">
        <RouteLink
          to={{ tab: "datasets" }}
          aria-label="Back to the datasets"
          className={`-ml-2 grid size-8 shrink-0 place-items-center rounded-md text-quiet hover:bg-hover ${narrow ? "xl:hidden" : "md:hidden"}`}
        >
          <Icon name="back" />
        </RouteLink>
        <div className="min-w-0 flex-1">
          <h1 className="truncate text-base font-semibold">{listed?.displayName ?? name}</h1>
          <p className="truncate text-xs text-faint">{facts.filter(Boolean).join(" · ")}</p>
        </div>
        <Button
          look="quiet"
          icon="alert"
          aria-pressed={problemsOnly}
          title="Show episodes with problems only"
          onClick={onProblemsOnly}
          className="px-2! aria-pressed:bg-warn-soft aria-pressed:text-warn"
        >
          <span className={narrow ? "sr-only" : "max-md:sr-only"}>Problems only</span>
        </Button>
      </div>
      {!narrow && cameras.length > 0 && (
        <p className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-quiet">
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

function cameraText(camera: {
  name: string;
  width: number;
  height: number;
  codec: string;
  pixFmt: string;
}): string {
  const size = camera.width > 0 ? `${camera.width} × ${camera.height}` : "";
  return [camera.name, [size, camera.codec, camera.pixFmt].filter(Boolean).join(" ")]
    .filter(Boolean)
    .join(": ");
}
