import { useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectSkills } from "@/state/selectors.ts";
import { formatIds } from "@/text/episode_ids.ts";
import { formatCount } from "@/text/numbers.ts";
import { EditDialog } from "./edit_dialog.tsx";
import { freeName, nameProblem } from "./name.ts";
import { usePlan } from "./use_plan.ts";

/** A copy of a dataset without some of its episodes. */
export function DeleteDialog({
  skill,
  episodes,
  onClose,
}: {
  skill: Skill;
  episodes: ReadonlySet<number>;
  onClose: () => void;
}) {
  const commands = useCommands();
  const skills = usePanel(selectSkills);
  const [name, setName] = useState(() => freeName(`${skill.displayName} cleaned`, skills));
  const ids = [...episodes].sort((a, b) => a - b);
  const asked = name.trim();
  const possible = nameProblem(name, skills) === null;
  const key = possible ? JSON.stringify([skill.name, skill.modified, skill.sizeBytes, ids, asked]) : null;
  const planned = usePlan(key, () => commands.planDelete(skill.name, ids, asked));
  return (
    <EditDialog
      title={`Delete ${formatCount(ids.length, "episode")}`}
      intro={
        <>
          A copy of <b className="font-medium text-ink">{skill.displayName}</b> is made without{" "}
          {ids.length === 1 ? "episode" : "episodes"}{" "}
          <b className="font-medium wrap-anywhere text-ink">{formatIds(ids)}</b>. The original stays as it is.
        </>
      }
      name={name}
      onName={setName}
      planned={planned}
      start="Make the copy"
      job={{ kind: "delete_episodes", args: { skill: skill.name, episodes: ids, name: asked } }}
      onClose={onClose}
    />
  );
}
