import { useMemo } from "react";
import { navigation } from "@/route/navigation.ts";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectRuns } from "@/state/selectors.ts";
import { BackBar } from "@/ui/back_bar.tsx";
import { Awaited } from "@/ui/empty.tsx";
import { NewRunForm } from "./new_run_form.tsx";
import { cloneOf, emptyDraft } from "./run_form.ts";
import { useDefaults } from "./use_defaults.ts";

/** The form for a new run, empty or filled in as another run was. Mounted anew for another skill or run. */
export function NewRunPage({
  skill,
  from,
  back,
}: {
  skill: string | null;
  from: number | null;
  back: string | null;
}) {
  const { value: defaults, problem, again } = useDefaults();
  const source = useSource(skill, from);
  const start = useMemo(() => {
    if (!defaults || (from !== null && source.paramsJson === null)) return null;
    if (source.paramsJson !== null) return cloneOf(source.paramsJson, defaults);
    return { draft: emptyDraft(defaults.defaultPreset), missingPreset: "", hidden: [] };
  }, [defaults, from, source.paramsJson]);

  return (
    <>
      <BackBar to={{ tab: "training", skill: back }}>Runs</BackBar>
      {start && defaults ? (
        <NewRunForm skill={skill} from={from} start={start} defaults={defaults} onLeave={() => leave(back)} />
      ) : (
        <div className="flex flex-1">
          <Awaited
            icon="alert"
            label="Asking what runs can start from…"
            problem={problem ?? source.problem}
            title="A run can’t be asked for now"
            again={() => {
              again();
              source.again();
            }}
          />
        </div>
      )}
    </>
  );
}

function leave(back: string | null): void {
  navigation.go({ tab: "training", skill: back });
}

/** What the run that is cloned was asked for with; null while it is not known. */
function useSource(skill: string | null, from: number | null) {
  const commands = useCommands();
  const listed = usePanel((state) =>
    selectRuns(state).find((run) => run.skill === skill && run.runId === from),
  );
  const needed = skill !== null && from !== null && !listed;
  const { value, problem, again } = useAnswer(needed ? `${skill} ${from}` : "", "", () =>
    needed ? commands.getRun(skill, from) : Promise.resolve(null),
  );
  return { paramsJson: listed?.paramsJson ?? value?.run.paramsJson ?? null, problem, again };
}
