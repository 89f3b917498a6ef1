import { useCallback, useDeferredValue, useMemo, useState } from "react";
import type { Skill } from "@/ros/messages.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectLoaded, selectSkills } from "@/state/selectors.ts";
import { formatCount } from "@/text/numbers.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import { Empty, Skeleton } from "@/ui/empty.tsx";
import { Search } from "@/ui/search.tsx";
import { VirtualRows } from "@/ui/virtual_rows.tsx";
import { useWidth } from "@/ui/width.ts";
import { CARD_HEIGHT, SkillCard } from "./skill_card.tsx";
import { findSkills, hasProblem } from "./find_skills.ts";

const GAP = 8;
const CARD_WIDTH = 330;

export function SkillList({ current, onCreate }: { current: string | null; onCreate: () => void }) {
  const skills = usePanel(selectSkills);
  const loaded = usePanel(selectLoaded);
  const [search, setSearch] = useState("");
  const [problemsOnly, setProblemsOnly] = useState(false);
  const wanted = useDeferredValue(search);
  const found = useMemo(() => findSkills(skills, wanted, problemsOnly), [skills, wanted, problemsOnly]);
  const problems = useMemo(() => skills.filter(hasProblem).length, [skills]);

  return (
    <>
      {current === null && <h1 className="sr-only">Skills</h1>}
      <header className="flex items-center gap-2 border-b border-line px-3 py-2">
        <div className="flex min-w-0 flex-1 md:max-w-md">
          <Search label="Search skills" value={search} onChange={setSearch} />
        </div>
        {current === null ? (
          <Button icon="plus" onClick={onCreate} className="md:ml-auto">
            New skill
          </Button>
        ) : (
          <IconButton label="New skill" icon="plus" look="plain" onClick={onCreate} />
        )}
      </header>
      <div
        className={`flex items-center justify-between px-4 text-xs text-faint ${problems > 0 ? "h-11 md:h-8" : "h-8"}`}
      >
        <span>{loaded && count(found.length, skills.length)}</span>
        {problems > 0 && (
          <button
            type="button"
            aria-pressed={problemsOnly}
            onClick={() => setProblemsOnly(!problemsOnly)}
            className="h-11 rounded px-1.5 text-warn hover:bg-warn-soft aria-pressed:bg-warn-soft md:h-5"
          >
            {problems} with problems
          </button>
        )}
      </div>
      {!loaded && <Skeleton rows={6} className="mx-3 mb-2 h-[100px] rounded-lg border border-line p-4" />}
      {loaded && skills.length === 0 && <NoSkills onCreate={onCreate} />}
      {loaded && skills.length > 0 && found.length === 0 && (
        <Empty icon="search" title="Nothing found">
          No skill matches.
        </Empty>
      )}
      {found.length > 0 && <Cards skills={found} current={current} />}
    </>
  );
}

function Cards({ skills, current }: { skills: readonly Skill[]; current: string | null }) {
  const { width, ref } = useWidth();
  const columns = Math.max(1, Math.floor(width / CARD_WIDTH));
  const reveal = current === null ? -1 : skills.findIndex((skill) => skill.name === current);
  const render = useCallback(
    (row: number) => (
      <div
        className="grid h-full gap-2 px-3 pb-2"
        style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
      >
        {skills.slice(row * columns, (row + 1) * columns).map((skill) => (
          <SkillCard key={skill.name} skill={skill} current={skill.name === current} />
        ))}
      </div>
    ),
    [skills, columns, current],
  );
  return (
    <div ref={ref} className="flex min-h-0 flex-1 flex-col">
      {width > 0 && (
        <VirtualRows
          label="Skills"
          count={Math.ceil(skills.length / columns)}
          rowHeight={CARD_HEIGHT + GAP}
          keyOf={(row) => skills[row * columns]?.name ?? row}
          reveal={Math.floor(reveal / columns)}
          render={render}
        />
      )}
    </div>
  );
}

function NoSkills({ onCreate }: { onCreate: () => void }) {
  const problem = usePanel((state) => state.skillList?.problem ?? "");
  const folder = usePanel((state) => state.skillList?.skillsDir ?? "");
  if (problem) {
    return (
      <Empty icon="alert" title="No skills to show">
        What is wrong stands above.
      </Empty>
    );
  }
  return (
    <Empty
      icon="layers"
      title="No skills yet"
      action={
        <Button icon="plus" onClick={onCreate}>
          New skill
        </Button>
      }
    >
      A skill is a folder with a metadata.json in{" "}
      <code className="font-mono text-xs">{folder || "the skills folder"}</code>. It shows up here as soon as
      it is there.
    </Empty>
  );
}

function count(found: number, all: number): string {
  const whole = formatCount(all, "skill");
  return found === all ? whole : `${found.toLocaleString("en")} of ${whole}`;
}
