import { useCallback, useEffect, useMemo, useState } from "react";
import { RouteLink } from "@/route/route_link.tsx";
import { usePanel } from "@/state/panel.tsx";
import { selectLoaded, selectSkill } from "@/state/selectors.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Empty, Loading, Skeleton } from "@/ui/empty.tsx";
import { CheckPanel } from "./check/check_panel.tsx";
import { EpisodeFindings } from "./check/finding_view.tsx";
import { useCheck } from "./check/use_check.ts";
import { DatasetDialogs, useDialogs } from "./dataset_dialogs.tsx";
import { DatasetHeader } from "./dataset_header.tsx";
import { DatasetJobs } from "./dataset_jobs.tsx";
import { EpisodePage } from "./episode_page.tsx";
import { PAGE } from "./episode_pages.ts";
import { EpisodeTable } from "./episode_table.tsx";
import { EpisodeToolbar } from "./episode_toolbar.tsx";
import type { Filter } from "./filter_episodes.ts";
import { FILTERS, predicate } from "./filter_episodes.ts";
import { LIST_HELP } from "./list_keys.ts";
import { clockRate } from "./player/frames.ts";
import { KeyHelp } from "./player/help.tsx";
import { SelectionBar } from "./selection_bar.tsx";
import { UNSORTED, sortedPositions } from "./sort_episodes.ts";
import type { Episodes } from "./use_episodes.ts";
import { useEpisodes } from "./use_episodes.ts";
import { useListKeys } from "./use_list_keys.ts";
import { useMarks } from "./use_marks.ts";
import { useSelection } from "./use_selection.ts";

/** The recordings of one skill, and one of them opened. Mounted anew for another skill. */
export function DatasetPage({ name, current }: { name: string; current: number | null }) {
  const listed = usePanel(selectSkill(name));
  const listLoaded = usePanel(selectLoaded);
  const episodes = useEpisodes(name, listed);
  const check = useCheck(name, listed);
  const [sort, setSort] = useState(UNSORTED);
  const [filter, setFilter] = useState<Filter>("all");
  const [checkOpen, setCheckOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const { ensure, ensureAll } = episodes;
  const { findingsOf } = check;
  const needsAll = filter !== "all" || sort.key !== "order";

  const positions = useMemo(
    () => sortedPositions(episodes.episodes, sort, predicate(filter, findingsOf)),
    [episodes.episodes, sort, filter, findingsOf],
  );
  useEffect(() => {
    if (needsAll) ensureAll();
  }, [needsAll, ensureAll, episodes.episodes.length]);
  const onVisible = useCallback(
    (first: number, last: number) => {
      const rows = positions.slice(first, last + 1);
      if (rows.length > 0) ensure(Math.min(...rows), Math.max(...rows));
    },
    [ensure, positions],
  );

  const selecting = useSelection(episodes, positions);
  const marks = useMarks(name, episodes);
  const dialogs = useDialogs(name, episodes, selecting);
  useListKeys(current === null, selecting, {
    keep: (ids) => marks.judge(ids, "keep"),
    reject: (ids) => marks.judge(ids, "reject"),
    note: dialogs.openNote,
    remove: dialogs.openDelete,
    help: () => setHelp(true),
  });

  const { episode, previous, next } = useCurrent(episodes, positions, current);
  const gone = listLoaded && !listed;
  const checkBeside = checkOpen && current === null;
  const withFindings = findingIds(check.result?.findings ?? []);

  return (
    <div className="flex min-h-0 min-w-0 flex-1">
      <div
        className={`@container min-h-0 min-w-0 flex-col border-line ${
          current !== null
            ? "hidden w-72 shrink-0 border-r md:flex xl:w-80"
            : checkBeside
              ? "hidden flex-1 lg:flex"
              : "flex flex-1"
        }`}
      >
        <DatasetHeader
          name={name}
          listed={listed}
          episodes={episodes}
          narrow={current !== null}
          check={check}
          checkOpen={checkOpen}
          onCheck={() => setCheckOpen(!checkOpen)}
          commands={dialogs.menu}
        />
        <DatasetJobs name={name} />
        {gone && (
          <div className="p-3">
            <Notice tone="danger" title="There is no such skill here">
              Its folder was moved, renamed or deleted, or was never here.
            </Notice>
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
        {episodes.episodes.length > 0 && (
          <EpisodeToolbar
            selecting={selecting}
            filter={filter}
            onFilter={setFilter}
            sort={sort}
            onSort={setSort}
            onHelp={() => setHelp(true)}
            withFindings={withFindings.length > 0 ? () => selecting.set(withFindings) : null}
          />
        )}
        {episodes.dataset !== null && positions.length === 0 && (
          <Nothing filter={filter} loading={episodes.loading} onAll={() => setFilter("all")} />
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
            selecting={selecting}
            findingsOf={findingsOf}
          />
        )}
        <SelectionBar
          selecting={selecting}
          marks={marks}
          onNote={() => dialogs.openNote(selecting.ids)}
          onDelete={dialogs.openDelete}
        />
      </div>
      {checkBeside && (
        <div className="flex min-h-0 min-w-0 flex-1 border-line lg:w-96 lg:flex-none lg:border-l">
          <CheckPanel
            skill={name}
            listed={listed}
            check={check}
            onSelect={(ids) => {
              setFilter("all");
              selecting.set(ids);
              // Where there is room for one of them alone, the list comes back.
              if (window.innerWidth < 1024) setCheckOpen(false);
            }}
            onClose={() => setCheckOpen(false)}
          />
        </div>
      )}
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
              marks={marks}
              onNote={() => dialogs.openNote(new Set([episode.id]))}
              findings={
                <EpisodeFindings findings={findingsOf(episode.id)} stale={check.result?.current === false} />
              }
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
      <DatasetDialogs skill={listed} dialogs={dialogs} episodes={episodes} marks={marks} />
      {help && <KeyHelp help={LIST_HELP} onClose={() => setHelp(false)} />}
    </div>
  );
}

function findingIds(findings: readonly { readonly episode: number | null }[]): readonly number[] {
  return [...new Set(findings.map((finding) => finding.episode).filter((id) => id !== null))];
}

function Nothing({ filter, loading, onAll }: { filter: Filter; loading: boolean; onAll: () => void }) {
  const none = FILTERS.find((entry) => entry.filter === filter)?.none;
  if (loading && filter !== "all") return <Loading label="Looking through all episodes…" />;
  return (
    <Empty
      icon="film"
      title={filter === "all" ? "No episodes" : "None of them"}
      action={filter !== "all" && <Button onClick={onAll}>Show all episodes</Button>}
    >
      {none}
    </Empty>
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
        <RouteLink
          to={{ tab: "datasets", skill: name }}
          className="inline-flex h-11 items-center font-medium text-accent hover:underline md:h-auto"
        >
          Back to the episodes
        </RouteLink>
      }
    >
      {problem ?? "The dataset has no episode with this number."}
    </Empty>
  );
}
