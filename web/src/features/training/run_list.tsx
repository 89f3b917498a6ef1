import { useMemo } from "react";
import { navigation, useRoute } from "@/route/navigation.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { useAction } from "@/state/action.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectRuns, selectSkills } from "@/state/selectors.ts";
import { IconButton } from "@/ui/button.tsx";
import { Empty, Skeleton } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { useNow } from "@/ui/now.ts";
import { INPUT } from "@/ui/search.tsx";
import { Segmented } from "@/ui/segmented.tsx";
import { VirtualRows } from "@/ui/virtual_rows.tsx";
import { useWidth } from "@/ui/width.ts";
import { filterRuns } from "./filter_runs.ts";
import { CARD_HEIGHT, RunCard, RunRow, RunTableHead, ROW_HEIGHT } from "./run_row.tsx";
import { SkillTraining } from "./skill_training.tsx";

/** What its columns need. */
const TABLE_WIDTH = 980;
const WHICH = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
] as const;

/** The runs of one skill or of all, as the robot tells of them: nothing here is asked for again. */
export function RunList({
  filter,
  activeOnly,
  onActiveOnly,
}: {
  filter: string | null;
  activeOnly: boolean;
  onActiveOnly: (on: boolean) => void;
}) {
  const { skill, run } = useRoute();
  const all = usePanel(selectRuns);
  const loaded = usePanel((state) => state.runList !== null);
  const runs = useMemo(() => filterRuns(all, filter, activeOnly), [all, filter, activeOnly]);
  const now = useNow(30_000);
  const { width, ref } = useWidth();
  const open = run !== null;
  const table = width >= TABLE_WIDTH;
  const current = runs.findIndex((one) => one.skill === skill && one.runId === run);

  return (
    <>
      {!open && <h1 className="sr-only">Runs</h1>}
      <header className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <SkillFilter filter={filter} />
        <Segmented
          label="Which runs"
          value={activeOnly ? "active" : "all"}
          options={WHICH}
          onChange={(value) => onActiveOnly(value === "active")}
        />
        <Refresh skill={filter} />
        {run !== "new" && (
          <RouteLink
            to={{ tab: "training", skill: filter, run: "new" }}
            className={`inline-flex h-11 min-w-11 items-center justify-center gap-1.5 rounded-md bg-accent-fill px-2.5 font-medium text-white hover:brightness-110 md:h-8 ${open ? "md:w-full" : "md:ml-auto"}`}
          >
            <Icon name="plus" />
            <span className="max-sm:sr-only">New run</span>
          </RouteLink>
        )}
      </header>
      {filter !== null && !open && <SkillTraining key={filter} name={filter} />}
      <div ref={ref} className="flex min-h-0 flex-1 flex-col">
        {!loaded && <Skeleton rows={6} className="mx-4 h-[76px] border-b border-line py-4" />}
        {loaded && runs.length === 0 && (
          <NoRuns filter={filter} activeOnly={activeOnly} any={all.length > 0} />
        )}
        {runs.length > 0 && width > 0 && (
          <>
            {table && <RunTableHead />}
            <VirtualRows
              label="Runs"
              count={runs.length}
              rowHeight={table ? ROW_HEIGHT : CARD_HEIGHT}
              keyOf={(index) => `${runs[index]?.skill} ${runs[index]?.runId}`}
              reveal={current}
              render={(index) => {
                const one = runs[index];
                if (!one) return null;
                return table ? (
                  <RunRow run={one} now={now} current={index === current} />
                ) : (
                  <RunCard run={one} now={now} current={index === current} />
                );
              }}
            />
          </>
        )}
      </div>
    </>
  );
}

/** The address holds the skill, so that a link shows the same. */
function SkillFilter({ filter }: { filter: string | null }) {
  const skills = usePanel(selectSkills);
  const runs = usePanel(selectRuns);
  const names = useMemo(() => {
    const withRuns = new Set(runs.map((run) => run.skill));
    const shown = skills.filter((skill) => withRuns.has(skill.name) || skill.datasetFormat !== "");
    const known = new Map(shown.map((skill) => [skill.name, skill.displayName]));
    for (const name of [...withRuns, ...(filter === null ? [] : [filter])]) {
      if (!known.has(name)) known.set(name, name);
    }
    return [...known].sort(([, a], [, b]) => a.localeCompare(b));
  }, [skills, runs, filter]);
  return (
    <select
      aria-label="Skill"
      value={filter ?? ""}
      onChange={(event) => navigation.go({ tab: "training", skill: event.target.value || null })}
      className={`${INPUT} w-auto! min-w-32 flex-1 md:max-w-64`}
    >
      <option value="">All skills</option>
      {names.map(([name, shown]) => (
        <option key={name} value={name}>
          {shown}
        </option>
      ))}
    </select>
  );
}

function Refresh({ skill }: { skill: string | null }) {
  const commands = useCommands();
  const { busy, problem, start } = useAction();
  return (
    <>
      <IconButton
        label="Ask the training server now"
        icon="refresh"
        disabled={busy}
        onClick={() => start(() => commands.refreshRuns(skill ?? ""))}
      />
      {problem && (
        <p role="alert" className="basis-full text-danger">
          {problem}
        </p>
      )}
    </>
  );
}

function NoRuns({ filter, activeOnly, any }: { filter: string | null; activeOnly: boolean; any: boolean }) {
  const server = usePanel((state) => state.runList?.server ?? "");
  if (activeOnly && any) {
    return (
      <Empty icon="training" title="No active runs">
        What has ended stands under “All”.
      </Empty>
    );
  }
  return (
    <Empty
      icon="training"
      title={filter === null ? "No runs yet" : "No runs of this skill yet"}
      action={
        <RouteLink
          to={{ tab: "training", skill: filter, run: "new" }}
          className="inline-flex h-11 items-center px-3 font-medium text-accent hover:underline md:h-8"
        >
          Start a run
        </RouteLink>
      }
    >
      A run trains a policy from the recordings of a skill{server ? ` on ${server}` : ""}. Upload the
      recordings, then start a run; it is followed here until its result can be used.
    </Empty>
  );
}
