import { useState } from "react";
import { formatIds } from "@/text/episode_ids.ts";
import { formatCount } from "@/text/numbers.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { INPUT } from "@/ui/search.tsx";
import type { Marks } from "./use_marks.ts";

const LONGEST = 1000;

/** A note on one episode, or the same on several. */
export function NoteDialog({
  ids,
  before,
  marks,
  onClose,
}: {
  ids: ReadonlySet<number>;
  before: string;
  marks: Marks;
  onClose: () => void;
}) {
  const [note, setNote] = useState(before);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function save(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await marks.change(ids, { note: note.trim() });
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  const title =
    ids.size === 1 ? `Note on episode ${formatIds(ids)}` : `Note on ${formatCount(ids.size, "episode")}`;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {ids.size > 1 && (
          <p className="text-quiet">Episodes {formatIds(ids)} get this note in place of theirs.</p>
        )}
        <label className="block">
          <span className="sr-only">Note</span>
          <textarea
            data-autofocus
            rows={4}
            maxLength={LONGEST}
            value={note}
            placeholder="What is there to know about it?"
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
            }}
            className={INPUT}
          />
        </label>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <div className="flex items-center justify-end gap-2">
          <span className="mr-auto text-xs text-faint">Stays with the episode when datasets are merged.</span>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy}>
            {busy ? "Saving…" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
