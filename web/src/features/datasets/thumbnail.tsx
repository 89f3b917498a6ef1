import { useEffect, useState } from "react";
import type { EpisodeKey } from "@/media/media.ts";
import { thumbnailUrl } from "@/media/media.ts";
import { Icon } from "@/ui/icons.tsx";

/** Rows that only rush by while scrolling ask for nothing. */
const PATIENCE_MS = 120;
const RETRY_MS = 2000;
const ATTEMPTS = 3;

/** A picture of an episode; of one that no camera has seen a sign instead. */
export function Thumbnail({ skill, episode, seen }: EpisodeKey & { seen: boolean }) {
  const [attempt, setAttempt] = useState(0);
  const [settled, setSettled] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (settled) return;
    const timer = setTimeout(() => setSettled(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [settled]);
  useEffect(() => {
    if (!failed || attempt >= ATTEMPTS) return;
    const timer = setTimeout(() => {
      setFailed(false);
      setAttempt((count) => count + 1);
    }, RETRY_MS);
    return () => clearTimeout(timer);
  }, [failed, attempt]);

  return (
    <span className="grid h-11 w-[60px] shrink-0 place-items-center overflow-hidden rounded bg-sunken text-faint">
      {seen && settled && !failed ? (
        <img
          key={attempt}
          src={thumbnailUrl({ skill, episode })}
          alt=""
          width={60}
          height={44}
          className="size-full object-cover"
          onError={() => setFailed(true)}
        />
      ) : (
        <Icon name="film" />
      )}
    </span>
  );
}
