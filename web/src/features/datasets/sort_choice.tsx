import type { Sort } from "./sort_episodes.ts";
import { UNSORTED } from "./sort_episodes.ts";

const CHOICES: readonly { readonly sort: Sort; readonly label: string }[] = [
  { sort: UNSORTED, label: "In order" },
  { sort: { key: "order", descending: true }, label: "Last first" },
  { sort: { key: "duration", descending: true }, label: "Longest first" },
  { sort: { key: "duration", descending: false }, label: "Shortest first" },
  { sort: { key: "size", descending: true }, label: "Largest first" },
  { sort: { key: "problems", descending: true }, label: "Problems first" },
];

/** Where there is no room for columns with heads. */
export function SortChoice({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const chosen = CHOICES.findIndex(
    (choice) => choice.sort.key === sort.key && choice.sort.descending === sort.descending,
  );
  return (
    <label className="ml-1 min-w-0 @4xl:hidden">
      <span className="sr-only">Sort episodes</span>
      <select
        value={chosen}
        onChange={(event) => onSort(CHOICES[Number(event.target.value)]?.sort ?? UNSORTED)}
        className="h-11 w-full rounded md:h-8 bg-transparent text-quiet"
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
