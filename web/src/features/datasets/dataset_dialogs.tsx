import { useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { navigation } from "@/route/navigation.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectSkill } from "@/state/selectors.ts";
import { formatIds } from "@/text/episode_ids.ts";
import type { MenuItem } from "@/ui/menu.tsx";
import { ConvertDialog, targetOf, targetText } from "./edit/convert_dialog.tsx";
import type { Target } from "./edit/convert_dialog.tsx";
import { DeleteDialog } from "./edit/delete_dialog.tsx";
import { MergeDialog } from "./edit/merge_dialog.tsx";
import { NoteDialog } from "./note_dialog.tsx";
import type { Episodes } from "./use_episodes.ts";
import type { Marks } from "./use_marks.ts";
import type { Selecting } from "./use_selection.ts";

type Open =
  | { readonly kind: "note" | "delete"; readonly ids: ReadonlySet<number> }
  | { readonly kind: "merge"; readonly episodes: string }
  | { readonly kind: "convert"; readonly target: Target };

export interface Dialogs {
  readonly open: Open | null;
  readonly close: () => void;
  readonly openNote: (ids: ReadonlySet<number>) => void;
  /** Of the selected episodes, where there are any. */
  readonly openDelete: () => void;
  readonly menu: readonly MenuItem[];
}

/** Which of a dataset's dialogs is open, and the commands that open them. */
export function useDialogs(name: string, episodes: Episodes, selecting: Selecting): Dialogs {
  const [open, setOpen] = useState<Open | null>(null);
  const format = usePanel((state) => selectSkill(name)(state)?.datasetFormat ?? "");
  const target = targetOf(format);
  const { ids } = selecting;
  const openDelete = (): void => {
    if (ids.size > 0) setOpen({ kind: "delete", ids });
  };
  const empty = episodes.episodes.length === 0;
  return {
    open,
    close: () => setOpen(null),
    openNote: (some) => {
      if (some.size > 0) setOpen({ kind: "note", ids: some });
    },
    openDelete,
    menu: [
      {
        label: ids.size > 0 ? "Merge the selected with…" : "Merge with…",
        disabled: empty,
        onSelect: () => setOpen({ kind: "merge", episodes: formatIds(ids).replaceAll("–", "-") }),
      },
      ...(target === null
        ? []
        : [
            {
              label: `${targetText(target)}…`,
              disabled: empty,
              onSelect: () => setOpen({ kind: "convert", target }),
            },
          ]),
      {
        label: "New run…",
        disabled: empty,
        onSelect: () => navigation.go({ tab: "training", skill: name, run: "new" }),
      },
      {
        label: "Delete the selected…",
        hint: ids.size > 0 ? String(ids.size) : "none selected",
        disabled: ids.size === 0,
        danger: true,
        onSelect: openDelete,
      },
    ],
  };
}

export function DatasetDialogs({
  skill,
  dialogs,
  episodes,
  marks,
}: {
  skill: Skill | undefined;
  dialogs: Dialogs;
  episodes: Episodes;
  marks: Marks;
}) {
  const { open, close } = dialogs;
  if (open === null || !skill) return null;
  switch (open.kind) {
    case "note":
      return (
        <NoteDialog ids={open.ids} before={commonNote(episodes, open.ids)} marks={marks} onClose={close} />
      );
    case "delete":
      return <DeleteDialog skill={skill} episodes={open.ids} onClose={close} />;
    case "merge":
      return (
        <MergeDialog first={[{ skill: skill.name, episodes: open.episodes, cameras: {} }]} onClose={close} />
      );
    case "convert":
      return <ConvertDialog skill={skill} target={open.target} onClose={close} />;
  }
}

/** The note that they all have; "" where they differ. */
function commonNote(episodes: Episodes, ids: ReadonlySet<number>): string {
  const notes = new Set(
    episodes.episodes
      .filter((episode) => episode && ids.has(episode.id))
      .map((episode) => episode?.note ?? ""),
  );
  const [only = ""] = notes;
  return notes.size === 1 ? only : "";
}
