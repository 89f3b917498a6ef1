import { Badge } from "./badge.tsx";
import type { Tone } from "./badge.tsx";

const TONES: Readonly<Record<string, Tone>> = {
  ready: "ok",
  "in training": "accent",
  replay: "neutral",
  broken: "danger",
};

export function SkillBadge({ badge }: { badge: string }) {
  return <Badge tone={TONES[badge] ?? "neutral"}>{badge}</Badge>;
}
