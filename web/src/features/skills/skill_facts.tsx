import { useState } from "react";
import type { ReactNode } from "react";
import { UploadButton } from "@/features/upload/upload_button.tsx";
import type { Skill } from "@/ros/messages.ts";
import { RouteLink } from "@/route/route_link.tsx";
import { formatBytes, formatCount, formatRate } from "@/text/numbers.ts";
import { formatAgo } from "@/text/time.ts";

/** What is known of a skill besides what can be edited. */
export function SkillFacts({ skill }: { skill: Skill }) {
  return (
    <aside
      aria-label="About this skill"
      className="@container shrink-0 rounded-lg border border-line bg-canvas px-4 py-3 xl:sticky xl:top-0 xl:order-1 xl:ml-auto xl:w-72"
    >
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2.5 @2xl:grid-cols-4 xl:grid-cols-1!">
        <Fact term="Type">{skill.type || "unknown"}</Fact>
        {skill.datasetFormat ? (
          <>
            <Fact term="Recordings">
              {formatCount(skill.episodeCount, "episode")}, {formatBytes(skill.sizeBytes)}
            </Fact>
            <Fact term="Format">
              {[skill.datasetFormat, formatRate(skill.rate)].filter(Boolean).join(", ")}
            </Fact>
            {skill.cameras.length > 0 && <Fact term="Cameras">{skill.cameras.join(", ")}</Fact>}
          </>
        ) : (
          <Fact term="Recordings">none yet</Fact>
        )}
        {(skill.type === "learned" || skill.checkpoint) && (
          <Fact term="Checkpoint">
            {skill.checkpoint ? (
              <code className="font-mono text-xs wrap-anywhere">{skill.checkpoint}</code>
            ) : (
              "none: not trained or not activated"
            )}
          </Fact>
        )}
        <Fact term="Training server">
          {uploadState(skill)}
          <span className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5 empty:hidden">
            {skill.datasetFormat && <UploadButton skill={skill.name} />}
            {skill.trainingSkillId && (
              <RouteLink
                to={{ tab: "training", skill: skill.name }}
                className="font-medium text-accent hover:underline"
              >
                Its runs
              </RouteLink>
            )}
          </span>
        </Fact>
        {skill.modified > 0 && <Modified time={skill.modified} />}
      </dl>
    </aside>
  );
}

function Modified({ time }: { time: number }) {
  const [now] = useState(() => Date.now());
  return (
    <Fact term="Last change">
      <time dateTime={new Date(time).toISOString()} title={new Date(time).toLocaleString()}>
        {formatAgo(time, Math.max(now, time))}
      </time>
    </Fact>
  );
}

function uploadState(skill: Skill): string {
  if (!skill.trainingSkillId) return "not uploaded";
  if (skill.uploadedEpisodeCount < 0) return "nothing uploaded yet";
  return `${formatCount(skill.uploadedEpisodeCount, "episode")} uploaded`;
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="eyebrow">{term}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}
