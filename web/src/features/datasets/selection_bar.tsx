import { formatIds } from "@/text/episode_ids.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import type { IconName } from "@/ui/icons.tsx";
import type { Marks } from "./use_marks.ts";
import type { Selecting } from "./use_selection.ts";

/** Under the list, in reach of a thumb: what can be done with the selected episodes. */
export function SelectionBar({
  selecting,
  marks,
  onNote,
  onDelete,
}: {
  selecting: Selecting;
  marks: Marks;
  onNote: () => void;
  onDelete: () => void;
}) {
  const { ids } = selecting;
  if (ids.size === 0 && !selecting.waiting && !marks.problem) return null;
  return (
    <div role="region" aria-label="Selection" className="shrink-0 border-t border-line bg-raised">
      {marks.problem && (
        <div role="alert" className="flex items-center gap-2 bg-danger-soft px-4 py-1.5 text-danger">
          <p className="min-w-0 flex-1 wrap-anywhere">{marks.problem}</p>
          <IconButton label="Dismiss" icon="close" onClick={marks.dismiss} />
        </div>
      )}
      {selecting.waiting && (
        <p role="status" className="animate-appear px-4 pt-2 text-xs text-faint">
          Looking through all episodes…
        </p>
      )}
      {ids.size > 0 && (
        <div className="flex items-center gap-1 py-1.5 pr-2 pl-4">
          <p className="min-w-0 flex-1 truncate font-medium" title={`Episodes ${formatIds(ids)}`}>
            {ids.size.toLocaleString("en")} selected
          </p>
          <Act label="Keep" icon="thumbUp" onClick={() => marks.judge(ids, "keep")} />
          <Act label="Reject" icon="thumbDown" onClick={() => marks.judge(ids, "reject")} />
          <Act label="Note" icon="note" onClick={onNote} />
          <Act label="Delete…" icon="trash" danger onClick={onDelete} />
          <IconButton label="Select none" icon="close" onClick={selecting.clear} />
        </div>
      )}
    </div>
  );
}

function Act({
  label,
  icon,
  onClick,
  danger = false,
}: {
  label: string;
  icon: IconName;
  onClick: () => void;
  danger?: boolean;
}) {
  return (
    <Button
      look={danger ? "danger" : "quiet"}
      icon={icon}
      title={label}
      onClick={onClick}
      className="px-2.5!"
    >
      <span className="@max-lg:sr-only">{label}</span>
    </Button>
  );
}
