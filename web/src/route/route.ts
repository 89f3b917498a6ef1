/** What the address bar holds, after the `#`: tab, skill, episode and time, so that a link can be shared. */
export type Tab = "skills" | "datasets" | "training";

export const TABS: readonly Tab[] = ["skills", "datasets", "training"];

export interface Route {
  readonly tab: Tab;
  readonly skill: string | null;
  readonly episode: number | null;
  /** Seconds into the episode. */
  readonly time: number | null;
}

export const HOME: Route = { tab: "skills", skill: null, episode: null, time: null };

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [tab, skill, episode] = path.split("/").map(decode);
  if (!tab || !(TABS as readonly string[]).includes(tab)) return HOME;
  const id = tab === "datasets" && skill && /^\d+$/.test(episode ?? "") ? Number(episode) : null;
  const time = Number.parseFloat(new URLSearchParams(query).get("t") ?? "");
  return {
    tab: tab as Tab,
    skill: skill === undefined || skill === "" ? null : skill,
    episode: id,
    time: id !== null && time >= 0 ? time : null,
  };
}

export function formatRoute(route: Partial<Route> & { tab: Tab }): string {
  let hash = `#/${route.tab}`;
  if (!route.skill) return hash;
  hash += `/${encodeURIComponent(route.skill)}`;
  if (route.tab !== "datasets" || route.episode === null || route.episode === undefined) return hash;
  hash += `/${route.episode}`;
  return route.time ? `${hash}?t=${Number(route.time.toFixed(3))}` : hash;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
