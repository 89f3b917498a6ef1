import { usePanel } from "@/state/panel.tsx";
import { Notice } from "@/ui/badge.tsx";
import { timeText } from "./times.ts";

/** What is wrong with the training server, in words, and what to do. Nothing while all is well. */
export function ServerNotice() {
  const list = usePanel((state) => state.runList);
  if (!list) return null;
  const { problem, lostSince, skillProblems, runs } = list;
  if (!problem && lostSince === 0 && skillProblems.length === 0) return null;
  return (
    <div className="space-y-2 border-b border-line px-3 py-2 md:px-4" data-server-problem>
      {lostSince > 0 ? (
        <Notice tone="warn" title={`Connection to the training server lost since ${timeText(lostSince)}`}>
          {problem && <p>{problem}</p>}
          {runs.length > 0 && (
            <p>Below stands what was last known. Runs go on meanwhile; asking goes on by itself.</p>
          )}
        </Notice>
      ) : (
        problem && (
          <Notice
            tone="danger"
            title={list.signedIn ? "The training server refuses" : "Not signed in to the training server"}
          >
            {problem}
          </Notice>
        )
      )}
      {skillProblems.length > 0 && (
        <Notice tone="warn" title="Not all runs are known">
          <ul>
            {skillProblems.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}
