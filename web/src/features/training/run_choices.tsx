import { useId } from "react";
import { UploadPanel, useUploadPlan } from "@/features/upload/upload_panel.tsx";
import { isUploaded } from "@/features/upload/upload_words.ts";
import type { Preset } from "@/ros/training.ts";
import { isActive } from "@/ros/jobs.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectSkills } from "@/state/selectors.ts";
import { formatCount } from "@/text/numbers.ts";
import { Icon } from "@/ui/icons.tsx";
import { INPUT } from "@/ui/search.tsx";

/** Which skill is trained; where its recordings are not on the server, what brings them there. */
export function SkillChoice({ skill, onChange }: { skill: string; onChange: (skill: string) => void }) {
  const id = useId();
  const skills = usePanel(selectSkills);
  const shown = skills.filter((one) => one.datasetFormat !== "" || one.name === skill);
  return (
    <div data-field="skill">
      <label htmlFor={id} className="mb-1 block font-medium">
        Skill
      </label>
      <select id={id} value={skill} onChange={(event) => onChange(event.target.value)} className={INPUT}>
        {skill === "" && <option value="">Choose a skill with recordings</option>}
        {shown.map((one) => (
          <option key={one.name} value={one.name}>
            {one.displayName} ({formatCount(one.episodeCount, "episode")})
          </option>
        ))}
      </select>
      {skill !== "" && <Uploaded key={skill} skill={skill} />}
    </div>
  );
}

function Uploaded({ skill }: { skill: string }) {
  const { plan, job } = useUploadPlan(skill);
  if (plan && isUploaded(plan) && !(job && isActive(job))) {
    return (
      <p className="mt-1.5 flex items-center gap-1.5 text-ok" data-upload-state={plan.state}>
        <Icon name="check" />
        Its {formatCount(plan.episodes, "episode")} are on the training server.
      </p>
    );
  }
  return (
    <div className="mt-3 rounded-lg border border-line bg-canvas p-3">
      <UploadPanel skill={skill} />
    </div>
  );
}

/** What the run starts from. */
export function PresetChoice({
  presets,
  chosen,
  onChange,
}: {
  presets: readonly Preset[];
  chosen: string;
  onChange: (name: string) => void;
}) {
  if (presets.length === 0) return <p className="text-danger">The training server offers no preset.</p>;
  return (
    <fieldset data-field="preset">
      <legend className="mb-1 font-medium">Preset</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {presets.map((preset) => (
          <label
            key={preset.name}
            className="cursor-pointer rounded-lg border border-line px-3 py-2 hover:border-edge has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="preset"
              className="sr-only"
              checked={preset.name === chosen}
              onChange={() => onChange(preset.name)}
            />
            <span className="block font-medium">{preset.name}</span>
            <span className="block text-xs text-quiet">{preset.description}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
