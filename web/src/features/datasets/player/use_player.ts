import { useEffect, useRef, useState } from "react";
import { navigation } from "@/route/navigation.ts";
import { frameOfLink } from "./frames.ts";
import { Player } from "./player.ts";

const TICKER = {
  request: (tick: (now: number) => void): number => window.requestAnimationFrame(tick),
  cancel: (request: number): void => window.cancelAnimationFrame(request),
};
/** The address follows this long after the player has come to rest. */
const REST_MS = 400;

/**
 * A player for one episode that begins at the address's time, keeps the address up to date while it
 * stands still, and goes where a changed address says.
 */
export function usePlayer(frames: number, rate: number, time: number | null): Player {
  const [player] = useState(() => new Player(frames, rate, frameOfLink(time ?? 0, rate, frames), TICKER));
  const written = useRef(time);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = player.subscribe(() => {
      clearTimeout(timer);
      if (player.state().velocity !== 0) return;
      timer = setTimeout(() => {
        const route = navigation.route();
        const now = Number((player.state().frame / player.rate).toFixed(3)) || null;
        written.current = now;
        navigation.replace({ ...route, time: now });
      }, REST_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [player]);

  useEffect(() => {
    if (time === written.current) return;
    written.current = time;
    player.seek(frameOfLink(time ?? 0, player.rate, player.state().frames));
  }, [player, time]);

  useEffect(() => () => player.pause(), [player]);
  return player;
}
