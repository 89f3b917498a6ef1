import { useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { formatCount } from "@/text/numbers.ts";
import { Icon } from "@/ui/icons.tsx";
import { Search } from "@/ui/search.tsx";
import { findDatasets } from "../find_datasets.ts";
import { family } from "./merge_sources.ts";

const MOST = 40;

/** Datasets that can be added to a merge; those of the other family say why they can't. */
export function SourcePicker({
  datasets,
  like,
  onAdd,
}: {
  /** Those that are not chosen yet. */
  datasets: readonly Skill[];
  /** The format that they have to go together with; null: any. */
  like: string | null;
  onAdd: (skill: Skill) => void;
}) {
  const [search, setSearch] = useState("");
  const fits = (skill: Skill): boolean => like === null || family(skill.datasetFormat) === family(like);
  const found = findDatasets(datasets, search);
  const shown = [...found.filter(fits), ...found.filter((skill) => !fits(skill))].slice(0, MOST);
  return (
    <div className="rounded-lg border border-line">
      <div className="flex border-b border-line p-2">
        <Search label="Search datasets to add" value={search} onChange={setSearch} />
      </div>
      {shown.length === 0 && <p className="px-3 py-3 text-faint">No other dataset matches.</p>}
      <ul aria-label="Datasets to add" className="max-h-44 overflow-y-auto overscroll-contain p-1">
        {shown.map((skill) => (
          <li key={skill.name}>
            <button
              type="button"
              disabled={!fits(skill)}
              onClick={() => onAdd(skill)}
              className="flex min-h-11 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover disabled:cursor-default disabled:hover:bg-transparent md:min-h-9"
            >
              <Icon name="plus" className={fits(skill) ? "text-accent" : "text-faint"} />
              <span className="sr-only">Add </span>
              <span className={`min-w-0 flex-1 truncate ${fits(skill) ? "" : "text-faint"}`}>
                {skill.displayName}
              </span>
              <span className="shrink-0 text-xs text-faint">
                {fits(skill)
                  ? `${formatCount(skill.episodeCount, "episode")} · ${skill.datasetFormat}`
                  : `${skill.datasetFormat}: does not go together`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
