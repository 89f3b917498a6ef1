import { Fragment } from "react";
import type { ReactNode } from "react";

/** A JSON text as it is, its tokens coloured; also when it is broken. */
export function MetadataView({ text }: { text: string }) {
  return (
    <pre
      aria-label="metadata.json"
      // Scrolls sideways, so the keyboard must be able to reach it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className="overflow-x-auto rounded-lg border border-line bg-canvas p-4 font-mono text-xs leading-5 whitespace-pre-wrap wrap-anywhere"
    >
      {text === "" ? <span className="text-faint">The file is empty.</span> : colour(text)}
    </pre>
  );
}

const TOKEN = /("(?:[^"\\\n]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

function colour(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token, string, colon] = match;
    parts.push(<Fragment key={`${end}-`}>{text.slice(end, match.index)}</Fragment>);
    const look = string && colon ? "text-ink font-medium" : string ? "text-ok" : "text-accent";
    parts.push(
      <span key={match.index} className={look}>
        {token}
      </span>,
    );
    end = match.index + token.length;
  }
  parts.push(<Fragment key="end">{text.slice(end)}</Fragment>);
  return parts;
}
