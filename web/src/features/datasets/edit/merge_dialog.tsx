import { useState } from "react";
import type { MergeRules, MergeSource } from "@/ros/editing.ts";
import { NO_RULES } from "@/ros/editing.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectSkills } from "@/state/selectors.ts";
import { Button } from "@/ui/button.tsx";
import { EditDialog } from "./edit_dialog.tsx";
import { MergeRulesView, neededRules } from "./merge_rules.tsx";
import type { Chosen } from "./merge_sources.ts";
import { added, changed, moved, toSources } from "./merge_sources.ts";
import { freeName, nameProblem } from "./name.ts";
import { SourceCard } from "./source_card.tsx";
import { SourcePicker } from "./source_picker.tsx";
import { usePlan } from "./use_plan.ts";

/** Several datasets, or some episodes of each, as a new one. */
export function MergeDialog({ first, onClose }: { first: readonly Chosen[]; onClose: () => void }) {
  const commands = useCommands();
  const skills = usePanel(selectSkills);
  const [chosen, setChosen] = useState(first);
  const [adding, setAdding] = useState(false);
  const [rules, setRules] = useState(NO_RULES);
  const [written, setWritten] = useState<string | null>(null);

  const skillOf = (name: string) => skills.find((skill) => skill.name === name);
  const datasets = skills.filter((skill) => skill.datasetFormat !== "");
  const lead = chosen[0] && skillOf(chosen[0].skill);
  const name = written ?? (lead ? freeName(`${lead.displayName} merged`, skills) : "");
  const sources = chosen.length >= 2 ? toSources(chosen) : null;
  const versions = chosen.map((one) => skillOf(one.skill)?.modified);
  const key =
    sources && nameProblem(name, skills) === null
      ? JSON.stringify([name.trim(), sources, rules, versions])
      : null;
  const planned = usePlan(key, () => commands.planMerge(name.trim(), sources ?? [], rules));
  const needed = neededRules(planned.plan, rules);
  // Once asked for, the names stay in sight: nothing jumps while somebody types them.
  const [camerasAsked, setCamerasAsked] = useState(false);
  if (needed.anyCameras && !camerasAsked) setCamerasAsked(true);
  // No rule lets cameras differ where a format has one list of them for all episodes; other names do.
  const cameraNames = chosen.map((one) => [...(skillOf(one.skill)?.cameras ?? [])].sort().join());
  const namesDiffer = new Set(cameraNames.filter(Boolean)).size > 1;
  const rates = [...new Set(chosen.map((one) => skillOf(one.skill)?.rate ?? 0))].filter((rate) => rate > 0);
  const nothing = chosen.length < 2 ? "Choose at least two datasets to see what would come of it." : "";

  return (
    <EditDialog
      title="Merge datasets"
      intro="Their episodes, in this order, become a new skill. The originals stay as they are."
      name={chosen.length > 0 ? name : null}
      onName={setWritten}
      planned={key === null ? { ...planned, current: false } : planned}
      nothing={nothing}
      start="Merge"
      job={{ kind: "merge_datasets", args: mergeArguments(name.trim(), sources ?? [], rules) }}
      onClose={onClose}
      settle={<MergeRulesView needed={needed} rules={rules} rates={rates} onChange={setRules} />}
    >
      {chosen.length > 0 && (
        <ol aria-label="Sources" className="space-y-2">
          {chosen.map((one, position) => (
            <SourceCard
              key={one.skill}
              chosen={one}
              skill={skillOf(one.skill)}
              position={position}
              count={chosen.length}
              cameraNames={planned.plan?.cameras ?? lead?.cameras ?? []}
              camerasOpen={camerasAsked || namesDiffer}
              fresh={!first.some((other) => other.skill === one.skill)}
              onChange={(change) => setChosen(changed(chosen, one.skill, change))}
              onMove={(by) => setChosen(moved(chosen, one.skill, by))}
              onRemove={() => setChosen(chosen.filter((other) => other !== one))}
            />
          ))}
        </ol>
      )}
      {adding || chosen.length < 2 ? (
        <SourcePicker
          datasets={datasets.filter((skill) => !chosen.some((one) => one.skill === skill.name))}
          like={lead?.datasetFormat ?? null}
          onAdd={(skill) => {
            setChosen(added(chosen, skill.name));
            setAdding(false);
          }}
        />
      ) : (
        <Button icon="plus" onClick={() => setAdding(true)}>
          Add another dataset
        </Button>
      )}
    </EditDialog>
  );
}

function mergeArguments(name: string, sources: readonly MergeSource[], rules: MergeRules): object {
  return {
    name,
    sources: sources.map(({ skill, episodes, cameras }) =>
      episodes === null ? { skill, cameras } : { skill, episodes, cameras },
    ),
    rules: { rate: rules.rate, any_width: rules.anyWidth, any_cameras: rules.anyCameras },
  };
}
