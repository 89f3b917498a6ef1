import { useState } from "react";
import type { ReactNode } from "react";
import type { SkillDetail } from "@/ros/commands.ts";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { useAnswer } from "@/state/answer.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectLoaded, selectSkill } from "@/state/selectors.ts";
import { Notice, Problems } from "@/ui/badge.tsx";
import { BackBar } from "@/ui/back_bar.tsx";
import { Awaited } from "@/ui/empty.tsx";
import { Icon } from "@/ui/icons.tsx";
import { Segmented } from "@/ui/segmented.tsx";
import { SkillBadge } from "@/ui/skill_badge.tsx";
import { MetadataView } from "./metadata_view.tsx";
import { SkillEditor } from "./skill_editor.tsx";
import { SkillFacts } from "./skill_facts.tsx";
import { parseObject } from "@/text/json.ts";

type View = "settings" | "file";

/** Everything about one skill. */
export function SkillPage({ name }: { name: string }) {
  const commands = useCommands();
  const listed = usePanel(selectSkill(name));
  const listLoaded = usePanel(selectLoaded);
  // Asked again whenever the file changes on disk, whoever wrote it.
  const {
    value: detail,
    problem,
    again,
  } = useAnswer(name, `${listed?.revision ?? ""} ${listed?.problem ?? ""} ${listed?.type ?? ""}`, () =>
    commands.getSkill(name),
  );
  const skill = listed ?? detail?.skill;

  if (!skill || !detail) {
    return (
      <>
        <BackBar to={{ tab: "skills" }}>Skills</BackBar>
        <Awaited
          icon="alert"
          label="Reading the skill…"
          problem={problem}
          title="This skill can’t be shown"
          again={again}
        />
      </>
    );
  }
  return <Loaded key={name} skill={skill} detail={detail} gone={listLoaded && !listed} problem={problem} />;
}

function Loaded({
  skill,
  detail,
  gone,
  problem,
}: {
  skill: Skill;
  detail: SkillDetail;
  gone: boolean;
  problem: string | null;
}) {
  const [view, setView] = useState<View>("settings");
  const readable = parseObject(detail.metadataJson) !== null;
  return (
    <>
      <BackBar to={{ tab: "skills" }}>Skills</BackBar>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-3 md:px-6">
        <div className="min-w-0 flex-1 basis-56">
          <div className="flex items-center gap-2">
            <h1 className="text-xl font-semibold tracking-tight wrap-anywhere">{skill.displayName}</h1>
            <SkillBadge badge={skill.badge} />
          </div>
          <p className="truncate font-mono text-xs text-faint">{skill.name}</p>
        </div>
        <div className="flex items-center gap-3">
          <Segmented
            label="View"
            value={view}
            onChange={setView}
            options={[
              { value: "settings", label: "Settings" },
              { value: "file", label: "metadata.json" },
            ]}
          />
          {skill.datasetFormat && (
            <RouteLink
              to={{ tab: "datasets", skill: skill.name }}
              className="inline-flex h-11 items-center gap-1.5 rounded-md border border-edge bg-raised px-3 font-medium hover:bg-hover md:h-8"
            >
              <Icon name="film" />
              Recordings
            </RouteLink>
          )}
        </div>
      </header>
      {/* The editor stays while the file is looked at: its edits are not lost by that. */}
      <Scrolling hidden={view !== "settings"}>
        <Notices skill={skill} gone={gone} problem={problem} />
        <div className="flex flex-col gap-6 xl:flex-row xl:items-start xl:gap-10">
          <SkillFacts skill={skill} />
          {readable ? (
            <SkillEditor detail={detail} />
          ) : (
            <div className="min-w-0 flex-1">
              <p className="mb-2 text-quiet">
                The settings can be edited once metadata.json holds a JSON object. This is what it holds now:
              </p>
              <MetadataView text={detail.metadataJson} />
            </div>
          )}
        </div>
      </Scrolling>
      {view === "file" && (
        <Scrolling hidden={false}>
          <p className="mb-2 text-quiet">
            As it is on disk. Other programs on the robot read and write it, too.
          </p>
          <MetadataView text={detail.metadataJson} />
        </Scrolling>
      )}
    </>
  );
}

function Scrolling({ hidden, children }: { hidden: boolean; children: ReactNode }) {
  return (
    <div
      hidden={hidden}
      className="min-h-0 flex-1 space-y-4 overflow-y-auto overscroll-contain px-4 py-4 md:px-6 md:py-5"
    >
      {children}
    </div>
  );
}

function Notices({ skill, gone, problem }: { skill: Skill; gone: boolean; problem: string | null }) {
  return (
    <div className="space-y-2 empty:hidden">
      {gone && (
        <Notice tone="danger" title="This skill is no longer there">
          Its folder was moved, renamed or deleted.
        </Notice>
      )}
      {!gone && problem && <Notice tone="danger">{problem}</Notice>}
      {skill.problem && <Notice tone="danger">{skill.problem}</Notice>}
      <Problems tone="warn" problems={skill.datasetProblems} />
    </div>
  );
}
