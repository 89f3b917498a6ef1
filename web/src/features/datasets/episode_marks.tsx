import type { Episode } from "@/ros/messages.ts";
import { IconButton } from "@/ui/button.tsx";
import type { Marks } from "./use_marks.ts";

/** The marks of an opened episode. */
export function EpisodeMarks({
  episode,
  marks,
  onNote,
}: {
  episode: Episode;
  marks: Marks;
  onNote: () => void;
}) {
  const ids = new Set([episode.id]);
  return (
    <div role="group" aria-label="Marks" className="flex">
      <IconButton
        label="Keep"
        icon="thumbUp"
        aria-pressed={episode.verdict === "keep"}
        onClick={() => marks.judge(ids, "keep")}
        className="aria-pressed:bg-ok-soft aria-pressed:text-ok"
      />
      <IconButton
        label="Reject"
        icon="thumbDown"
        aria-pressed={episode.verdict === "reject"}
        onClick={() => marks.judge(ids, "reject")}
        className="aria-pressed:bg-danger-soft aria-pressed:text-danger"
      />
      <IconButton
        label="Note"
        icon="note"
        onClick={onNote}
        className={episode.note ? "bg-accent-soft text-accent!" : ""}
      />
    </div>
  );
}
