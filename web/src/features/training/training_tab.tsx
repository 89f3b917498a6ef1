import { useEffect, useState } from "react";
import { useRoute } from "@/route/navigation.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { Split } from "@/ui/split.tsx";
import { ComparePage } from "./compare_page.tsx";
import { NewRunPage } from "./new_run_page.tsx";
import { RunList } from "./run_list.tsx";
import { RunPage } from "./run_page.tsx";
import { ServerNotice } from "./server_notice.tsx";

/** All runs, and one of them, two compared, or the form for a new one. */
export function TrainingTab() {
  const { skill, run, other, otherSkill } = useRoute();
  // While a run is open, the list stays as it was when it was opened, as far as the run is in it.
  const [filter, setFilter] = useState(skill);
  const elsewhere = filter !== null && skill !== null && skill !== filter;
  if ((run === null && filter !== skill) || elsewhere) setFilter(skill);
  const [activeOnly, setActiveOnly] = useState(false);
  useNews();

  return (
    <>
      <ServerNotice />
      <Split
        listLabel="Runs"
        detailLabel={run === "new" ? "New run" : "Run"}
        chosen={run !== null}
        listWidth={run === null ? "md:w-full md:border-r-0!" : "md:w-72 lg:w-80"}
        list={<RunList filter={filter} activeOnly={activeOnly} onActiveOnly={setActiveOnly} />}
        detail={
          run === "new" ? (
            <NewRunPage key={`${skill} ${other}`} skill={skill} from={other} back={filter} />
          ) : run === null || skill === null ? null : other === null ? (
            <RunPage key={`${skill} ${run}`} skill={skill} runId={run} back={filter} />
          ) : (
            <ComparePage
              key={`${skill} ${run} ${otherSkill} ${other}`}
              first={{ skill, runId: run }}
              second={{ skill: otherSkill ?? skill, runId: other }}
              back={filter}
            />
          )
        }
      />
    </>
  );
}

/** Somebody looks: what was asked for elsewhere is not waited for until it is due. */
function useNews(): void {
  const commands = useCommands();
  const epoch = usePanel((state) => state.epoch);
  useEffect(() => {
    if (epoch === 0) return;
    commands.refreshRuns("").catch(() => {
      // The notice about the server says why.
    });
  }, [commands, epoch]);
}
