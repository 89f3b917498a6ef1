import type { ButtonHTMLAttributes } from "react";
import type { Episode } from "@/ros/messages.ts";
import { Button } from "@/ui/button.tsx";
import type { IconName } from "@/ui/icons.tsx";
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
    <div role="group" aria-label="Marks" className="flex max-md:flex-1 max-md:gap-1">
      {VERDICTS.map(({ verdict, label, icon, look }) => (
        <Mark
          key={verdict}
          label={label}
          icon={icon}
          aria-pressed={episode.verdict === verdict}
          onClick={() => marks.judge(ids, verdict)}
          className={look}
        />
      ))}
      <Mark
        label="Note"
        icon="note"
        onClick={onNote}
        className={episode.note ? "bg-accent-soft text-accent!" : ""}
      />
    </div>
  );
}

/** An icon; on a phone, where they have a row of their own, with its word. */
function Mark({
  label,
  className = "",
  ...rest
}: { label: string; icon: IconName } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <Button look="quiet" title={label} className={`max-md:flex-1 md:w-8 md:px-0! ${className}`} {...rest}>
      <span className="md:sr-only">{label}</span>
    </Button>
  );
}
