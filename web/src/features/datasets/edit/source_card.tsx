import { useEffect, useId, useRef } from "react";
import type { Skill } from "@/ros/messages.ts";
import { useAnswer } from "@/state/answer.ts";
import { useCommands } from "@/state/panel.tsx";
import { formatCount, formatRate } from "@/text/numbers.ts";
import { IconButton } from "@/ui/button.tsx";
import { INPUT } from "@/ui/search.tsx";
import type { Chosen } from "./merge_sources.ts";
import { episodesProblem } from "./merge_sources.ts";

/** One dataset of a merge: which of its episodes, and what its cameras are called in the result. */
export function SourceCard({
  chosen,
  skill,
  position,
  count,
  cameraNames,
  camerasOpen,
  fresh,
  onChange,
  onMove,
  onRemove,
}: {
  chosen: Chosen;
  skill: Skill | undefined;
  position: number;
  count: number;
  /** What cameras of the other sources are called, to choose from. */
  cameraNames: readonly string[];
  camerasOpen: boolean;
  /** It was just added, and takes the focus of the button that did so, which is gone. */
  fresh: boolean;
  onChange: (change: Partial<Chosen>) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}) {
  const id = useId();
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (fresh) card.current?.focus({ preventScroll: true });
  }, [fresh]);
  const commands = useCommands();
  const { value } = useAnswer(chosen.skill, "", () => commands.listEpisodes(chosen.skill, 0, 1));
  const cameras = value?.cameras.map((camera) => camera.name) ?? skill?.cameras ?? [];
  const name = skill?.displayName ?? chosen.skill;
  const problem = skill ? episodesProblem(chosen) : "This dataset is no longer there.";
  const facts = skill
    ? [formatCount(skill.episodeCount, "episode"), skill.datasetFormat, formatRate(skill.rate)]
    : [];
  return (
    <li
      ref={card}
      tabIndex={-1}
      aria-label={name}
      data-source={chosen.skill}
      className="rounded-lg border border-line"
    >
      <div className="flex items-center gap-1 py-1 pr-1 pl-3">
        <span className="w-4 text-xs text-faint">{position + 1}</span>
        <div className="min-w-0 flex-1">
          <p className="line-clamp-2 font-medium wrap-anywhere">{name}</p>
          <p className="truncate text-xs text-faint">{facts.filter(Boolean).join(" · ")}</p>
        </div>
        <IconButton
          label={`Move ${name} up`}
          icon="arrowUp"
          disabled={position === 0}
          onClick={() => onMove(-1)}
        />
        <IconButton
          label={`Move ${name} down`}
          icon="arrowDown"
          disabled={position === count - 1}
          onClick={() => onMove(1)}
        />
        <IconButton label={`Leave ${name} out`} icon="close" onClick={onRemove} />
      </div>
      <div className="border-t border-line px-3 py-2">
        <label className="flex items-center gap-3">
          <span className="shrink-0 text-quiet">Episodes</span>
          <input
            value={chosen.episodes}
            placeholder={`all ${skill?.episodeCount ?? ""} — or 0-4, 7`}
            aria-invalid={problem !== null}
            aria-describedby={problem ? `${id}-problem` : undefined}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ episodes: event.target.value })}
            className={`${INPUT} md:py-1!`}
          />
        </label>
        {problem && (
          <p id={`${id}-problem`} className="mt-1 text-xs text-danger">
            {problem}
          </p>
        )}
        {cameras.length > 0 && (
          <details open={camerasOpen || Object.values(chosen.cameras).some(Boolean)} className="mt-1">
            <summary className="cursor-pointer py-3.5 md:py-1 text-xs text-quiet hover:text-ink">
              {formatCount(cameras.length, "camera")}: {cameras.join(", ")}
            </summary>
            <div className="space-y-1.5 pt-1">
              {cameras.map((camera) => (
                <label key={camera} className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="min-w-0 flex-1 basis-32 truncate font-mono text-xs" title={camera}>
                    {camera}
                  </span>
                  <span aria-hidden="true" className="text-faint">
                    →
                  </span>
                  <input
                    list={`${id}-cameras`}
                    aria-label={`New name of camera ${camera}`}
                    value={chosen.cameras[camera] ?? ""}
                    placeholder={camera}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(event) =>
                      onChange({ cameras: { ...chosen.cameras, [camera]: event.target.value } })
                    }
                    className={`${INPUT} flex-1 basis-32 md:py-1! font-mono md:text-xs!`}
                  />
                </label>
              ))}
              <datalist id={`${id}-cameras`}>
                {cameraNames.map((other) => (
                  <option key={other} value={other} />
                ))}
              </datalist>
            </div>
          </details>
        )}
      </div>
    </li>
  );
}
