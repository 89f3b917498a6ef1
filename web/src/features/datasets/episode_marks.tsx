import type { Episode } from "@/ros/messages.ts";
import { IconButton } from "@/ui/button.tsx";
import type { Marks } from "./use_marks.ts";

const VERDICTS = [
  { verdict: "keep", label: "Keep", icon: "thumbUp", look: "aria-pressed:bg-ok-soft aria-pressed:text-ok" },
  {
    verdict: "reject",
    label: "Reject",
    icon: "thumbDown",
    look: "aria-pressed:bg-danger-soft aria-pressed:text-danger",
  },
] as const;

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
      {VERDICTS.map(({ verdict, label, icon, look }) => (
        <IconButton
          key={verdict}
          label={label}
          icon={icon}
          aria-pressed={episode.verdict === verdict}
          onClick={() => marks.judge(ids, verdict)}
          className={look}
        />
      ))}
      <IconButton
        label="Note"
        icon="note"
        onClick={onNote}
        className={episode.note ? "bg-accent-soft text-accent!" : ""}
      />
    </div>
  );
}
