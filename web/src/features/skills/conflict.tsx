import type { Dispatch } from "react";
import type { Json } from "@/text/json.ts";
import { Notice } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import type { EditAction, Edits } from "./edits.ts";
import { theirChanges } from "./edits.ts";

/** Somebody else saved while there were edits here: what they changed, and the two ways on. */
export function Conflict({ edits, act }: { edits: Edits; act: Dispatch<EditAction> }) {
  const found = theirChanges(edits);
  return (
    <Notice
      tone="warn"
      title="Somebody else changed this skill meanwhile"
      actions={
        <>
          <Button onClick={() => act({ type: "take theirs" })}>Load theirs, drop mine</Button>
          <Button onClick={() => act({ type: "keep mine" })}>Keep my changes</Button>
        </>
      }
    >
      <ul className="mt-1 max-h-40 space-y-1 overflow-y-auto">
        {found.map(({ path, before, after, clash }) => (
          <li key={path}>
            <code className="font-mono text-xs font-medium">{path}</code> <Value value={before} /> →{" "}
            <Value value={after} />
            {clash && <span className="ml-1.5 text-xs text-danger">changed by you, too</span>}
          </li>
        ))}
      </ul>
      {found.some(({ clash }) => clash) && (
        <p className="mt-1">With “Keep my changes” yours replace theirs there.</p>
      )}
    </Notice>
  );
}

function Value({ value }: { value: Json | undefined }) {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return <span className="font-mono text-xs">{text.length > 80 ? `${text.slice(0, 79)}…` : text}</span>;
}
