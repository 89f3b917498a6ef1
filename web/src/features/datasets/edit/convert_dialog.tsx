import { useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectSkills } from "@/state/selectors.ts";
import { EditDialog } from "./edit_dialog.tsx";
import { freeName, nameProblem } from "./name.ts";
import { usePlan } from "./use_plan.ts";

export type Target = "h264" | "lerobot-v3.0";

/** What a dataset of this format can be converted to; null: nothing. */
export function targetOf(format: string): Target | null {
  if (format === "h5" || format === "mixed") return "h264";
  return format === "lerobot-v2.0" || format === "lerobot-v2.1" ? "lerobot-v3.0" : null;
}

export function targetText(target: Target): string {
  return target === "h264" ? "Convert to video" : "Convert to LeRobot v3.0";
}

export function ConvertDialog({
  skill,
  target,
  onClose,
}: {
  skill: Skill;
  target: Target;
  onClose: () => void;
}) {
  return target === "h264" ? (
    <ToVideo skill={skill} onClose={onClose} />
  ) : (
    <ToLeRobot skill={skill} onClose={onClose} />
  );
}

/** Raw images become video, in place. */
function ToVideo({ skill, onClose }: { skill: Skill; onClose: () => void }) {
  const commands = useCommands();
  const [keepRaw, setKeepRaw] = useState(true);
  const planned = usePlan(JSON.stringify([skill.name, skill.modified, skill.sizeBytes, keepRaw]), () =>
    commands.planConvert(skill.name, "h264", "", keepRaw),
  );
  return (
    <EditDialog
      title={targetText("h264")}
      intro={
        <>
          The raw images of <b className="font-medium text-ink">{skill.displayName}</b> become H.264 video,
          which plays at once, and is a small part of their size. Episodes that are recorded meanwhile are not
          lost.
        </>
      }
      inPlace
      name={null}
      onName={() => undefined}
      planned={planned}
      start={keepRaw ? "Convert" : "Convert and drop raw images"}
      job={{
        kind: "convert_dataset",
        args: { skill: skill.name, target: "h264", keep_raw: keepRaw },
      }}
      onClose={onClose}
    >
      <fieldset className="grid gap-2 sm:grid-cols-2">
        <legend className="mb-1 font-medium">Raw images</legend>
        <Choice
          label="Keep them"
          what="Beside the videos. Takes their room on the disk."
          checked={keepRaw}
          onChoose={() => setKeepRaw(true)}
        />
        <Choice
          label="Drop them"
          what="Once every video is verified. Can't be undone."
          checked={!keepRaw}
          onChoose={() => setKeepRaw(false)}
        />
      </fieldset>
    </EditDialog>
  );
}

function Choice({
  label,
  what,
  checked,
  onChoose,
}: {
  label: string;
  what: string;
  checked: boolean;
  onChoose: () => void;
}) {
  return (
    <label className="cursor-pointer rounded-lg border border-line px-3 py-2 hover:border-edge has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent">
      <input type="radio" name="raw" className="sr-only" checked={checked} onChange={onChoose} />
      <span className="block font-medium">{label}</span>
      <span className="block text-xs text-quiet">{what}</span>
    </label>
  );
}

/** A LeRobot v2 dataset becomes a v3.0 copy. */
function ToLeRobot({ skill, onClose }: { skill: Skill; onClose: () => void }) {
  const commands = useCommands();
  const skills = usePanel(selectSkills);
  const [name, setName] = useState(() => freeName(`${skill.displayName} v3`, skills));
  const asked = name.trim();
  const possible = nameProblem(name, skills) === null;
  const planned = usePlan(
    possible ? JSON.stringify([skill.name, skill.modified, skill.sizeBytes, asked]) : null,
    () => commands.planConvert(skill.name, "lerobot-v3.0", asked, false),
  );
  return (
    <EditDialog
      title={targetText("lerobot-v3.0")}
      intro={
        <>
          A copy of <b className="font-medium text-ink">{skill.displayName}</b> is made in LeRobot’s newer
          format. Videos are joined as they are, nothing is encoded again. The original stays as it is.
        </>
      }
      name={name}
      onName={setName}
      planned={planned}
      start="Make the copy"
      job={{
        kind: "convert_dataset",
        args: { skill: skill.name, target: "lerobot-v3.0", name: asked },
      }}
      onClose={onClose}
    />
  );
}
