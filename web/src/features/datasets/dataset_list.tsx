import { useCallback, useDeferredValue, useMemo, useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { usePanel } from "@/state/panel.tsx";
import { selectLoaded, selectSkills } from "@/state/selectors.ts";
import { formatBytes, formatCount } from "@/text/numbers.ts";
import { Empty, Skeleton } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { Search } from "@/ui/search.tsx";
import { VirtualRows } from "@/ui/virtual_rows.tsx";
import { IconButton } from "@/ui/button.tsx";
import { MergeDialog } from "./edit/merge_dialog.tsx";
import { findDatasets } from "./find_datasets.ts";

const ROW = 60;

/** Skills that have recordings. */
export function DatasetList({ current }: { current: string | null }) {
  const skills = usePanel(selectSkills);
  const loaded = usePanel(selectLoaded);
  const problem = usePanel((state) => state.skillList?.problem ?? "");
  const [search, setSearch] = useState("");
  const [merging, setMerging] = useState(false);
  const wanted = useDeferredValue(search);
  const datasets = useMemo(() => skills.filter((skill) => skill.datasetFormat !== ""), [skills]);
  const found = useMemo(() => findDatasets(datasets, wanted), [datasets, wanted]);
  const opened = datasets
    .filter((skill) => skill.name === current && skill.episodeCount > 0)
    .map((skill) => ({ skill: skill.name, episodes: "", cameras: {} }));
  const render = useCallback(
    (index: number) => {
      const skill = found[index];
      return skill && <DatasetRow skill={skill} current={skill.name === current} />;
    },
    [found, current],
  );

  return (
    <>
      {current === null && <h1 className="sr-only">Datasets</h1>}
      <header className="flex gap-2 border-b border-line px-3 py-2">
        <Search label="Search datasets" value={search} onChange={setSearch} />
        <IconButton
          label="Merge datasets"
          icon="merge"
          look="plain"
          disabled={datasets.length < 2}
          onClick={() => setMerging(true)}
        />
      </header>
      {merging && <MergeDialog first={opened} onClose={() => setMerging(false)} />}
      {!loaded && <Skeleton rows={7} className="mx-4 h-[60px] border-b border-line py-4" />}
      {loaded && datasets.length === 0 && (
        <Empty
          icon={problem ? "alert" : "film"}
          title={problem ? "No recordings to show" : "No recordings yet"}
        >
          {problem
            ? "What is wrong stands above."
            : "As soon as an episode of a skill is recorded it shows up here."}
        </Empty>
      )}
      {loaded && datasets.length > 0 && found.length === 0 && (
        <Empty icon="search" title="Nothing found">
          No dataset matches.
        </Empty>
      )}
      {found.length > 0 && (
        <VirtualRows
          label="Datasets"
          count={found.length}
          rowHeight={ROW}
          keyOf={(index) => found[index]?.name ?? index}
          reveal={current === null ? -1 : found.findIndex((skill) => skill.name === current)}
          render={render}
        />
      )}
    </>
  );
}

function DatasetRow({ skill, current }: { skill: Skill; current: boolean }) {
  const troubled = skill.problem !== "" || skill.datasetProblems.length > 0;
  return (
    <RouteLink
      to={{ tab: "datasets", skill: skill.name }}
      aria-current={current ? "true" : undefined}
      className="flex h-full flex-col justify-center border-b border-line px-4 hover:bg-hover aria-[current]:bg-accent-soft"
    >
      <span className="flex items-center gap-1.5">
        <span className="min-w-0 flex-1 truncate font-medium" title={skill.displayName}>
          {skill.displayName}
        </span>
        {troubled && (
          <span className="text-warn" title="Has problems">
            <Icon name="alert" className="size-3.5" />
            <span className="sr-only">Has problems</span>
          </span>
        )}
      </span>
      <span className="truncate text-xs text-faint">
        {formatCount(skill.episodeCount, "episode")} · {skill.datasetFormat} · {formatBytes(skill.sizeBytes)}
      </span>
    </RouteLink>
  );
}
