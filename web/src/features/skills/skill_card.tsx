import type { ReactNode } from "react";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes, formatCount } from "@/text/numbers.ts";
import { Icon } from "@/ui/icons.tsx";
import { SkillBadge } from "@/ui/skill_badge.tsx";

export const CARD_HEIGHT = 100;

export function SkillCard({ skill, current }: { skill: Skill; current: boolean }) {
  return (
    <RouteLink
      to={{ tab: "skills", skill: skill.name }}
      aria-current={current ? "true" : undefined}
      className="flex h-full flex-col justify-center gap-0.5 rounded-lg border border-line bg-surface px-3.5 transition-colors hover:border-edge aria-[current]:border-accent aria-[current]:bg-accent-soft"
    >
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate text-base font-semibold" title={skill.displayName}>
          {skill.displayName}
        </span>
        <SkillBadge badge={skill.badge} />
      </span>
      <span className="truncate font-mono text-2xs text-faint">{skill.name}</span>
      <span className="mt-1 flex items-center gap-1.5 truncate text-xs text-quiet">{facts(skill)}</span>
      <LastLine skill={skill} />
    </RouteLink>
  );
}

function facts(skill: Skill): ReactNode {
  const parts = [skill.type];
  if (skill.datasetFormat) {
    parts.push(formatCount(skill.episodeCount, "episode"), skill.datasetFormat, formatBytes(skill.sizeBytes));
  } else parts.push("no recordings");
  return parts.filter(Boolean).join(" · ");
}

function LastLine({ skill }: { skill: Skill }) {
  const problem = skill.problem || skill.datasetProblems[0];
  if (problem) {
    return (
      <span className={`flex items-center gap-1 text-xs ${skill.problem ? "text-danger" : "text-warn"}`}>
        <Icon name="alert" className="size-3.5" />
        <span className="truncate">{problem}</span>
      </span>
    );
  }
  return (
    <span className="truncate font-mono text-2xs leading-4 text-faint">
      {skill.checkpoint || (skill.type === "learned" ? "no checkpoint" : "\u00a0")}
    </span>
  );
}
