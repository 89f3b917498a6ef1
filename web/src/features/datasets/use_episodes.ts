import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Skill } from "@/ros/messages.ts";
import { useCommands, usePanel } from "@/state/panel.tsx";
import { selectConnected } from "@/state/selectors.ts";
import type { EpisodesState } from "./episode_pages.ts";
import { EpisodePages, PAGE } from "./episode_pages.ts";

export interface Episodes extends EpisodesState {
  readonly ensure: (first: number, last: number) => void;
  readonly ensureAll: () => void;
  readonly refresh: () => void;
  readonly patch: EpisodePages["patch"];
  /** Whether every episode is fetched. */
  readonly complete: boolean;
}

/** A skill's episodes, kept up to date with the skill's entry in the list. */
export function useEpisodes(name: string, listed: Skill | undefined): Episodes {
  const commands = useCommands();
  const epoch = usePanel((state) => state.epoch);
  const connected = usePanel(selectConnected);
  const pages = useMemo(
    () => new EpisodePages((offset, limit) => commands.listEpisodes(name, offset, limit)),
    [commands, name],
  );
  const state = useSyncExternalStore(pages.subscribe, pages.state);

  const version = listed
    ? [
        listed.modified,
        listed.episodeCount,
        listed.sizeBytes,
        listed.datasetFormat,
        listed.datasetProblems.join(),
      ].join()
    : "";
  const fetched = useRef<EpisodePages>(null);
  useEffect(() => {
    if (epoch === 0) return;
    if (fetched.current === pages) pages.refresh();
    else pages.ensure(0, PAGE - 1);
    fetched.current = pages;
  }, [pages, epoch, version]);

  return useMemo(
    () => ({
      ...state,
      problem: connected ? state.problem : null,
      ensure: pages.ensure,
      ensureAll: pages.ensureAll,
      refresh: pages.refresh,
      patch: pages.patch,
      complete: state.dataset !== null && !state.episodes.includes(undefined),
    }),
    [state, connected, pages],
  );
}
