import type { Filter } from "./filter_episodes.ts";
import { FILTERS } from "./filter_episodes.ts";
import { IconButton } from "@/ui/button.tsx";
import { Menu } from "@/ui/menu.tsx";
import { SelectBox } from "./select_box.tsx";
import { SortChoice } from "./sort_choice.tsx";
import type { Sort } from "./sort_episodes.ts";
import type { Selecting } from "./use_selection.ts";

/** Above the episodes: which are shown, in which order, and which are selected. */
export function EpisodeToolbar({
  selecting,
  filter,
  onFilter,
  sort,
  onSort,
  onHelp,
  withFindings,
}: {
  selecting: Selecting;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onHelp: () => void;
  /** Selects what the last check found something in; null where it found nothing. */
  withFindings: (() => void) | null;
}) {
  const { shown } = selecting;
  return (
    <div className="flex h-11 shrink-0 items-center border-b border-line pr-1 text-xs text-faint md:h-9">
      <SelectBox
        label={shown === "none" ? "Select all that are shown" : "Select none"}
        checked={shown === "all" ? true : shown === "some" ? "mixed" : false}
        onChange={() => (shown === "none" ? selecting.all() : selecting.clear())}
      />
      <label className="min-w-0">
        <span className="sr-only">Show episodes</span>
        <select
          value={filter}
          onChange={(event) => onFilter(event.target.value as Filter)}
          className={`h-11 w-full rounded md:h-8 bg-transparent ${filter === "all" ? "text-quiet" : "font-medium text-accent"}`}
        >
          {FILTERS.map(({ filter: value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <SortChoice sort={sort} onSort={onSort} />
      <Menu
        label="Select"
        text="Select"
        className="ml-auto"
        items={[
          { label: "All that are shown", onSelect: selecting.all },
          { label: "None", onSelect: selecting.clear },
          { label: "The others", onSelect: selecting.invert },
          { label: "Rejected", onSelect: () => selecting.where((episode) => episode.verdict === "reject") },
          {
            label: "Not marked to keep",
            onSelect: () => selecting.where((episode) => episode.verdict !== "keep"),
          },
          {
            label: "With problems",
            onSelect: () => selecting.where((episode) => episode.problems.length > 0),
          },
          {
            label: "With findings",
            disabled: withFindings === null,
            onSelect: () => withFindings?.(),
          },
        ]}
      />
      <IconButton label="Keys" icon="help" onClick={onHelp} className="@max-4xl:hidden" />
    </div>
  );
}
