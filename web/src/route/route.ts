/** What the address bar holds, after the `#`: tab, skill, episode and time, or run, so that a link can be shared. */
export type Tab = "skills" | "datasets" | "training";

export const TABS: readonly Tab[] = ["skills", "datasets", "training"];

export interface Route {
  readonly tab: Tab;
  readonly skill: string | null;
  readonly episode: number | null;
  /** Seconds into the episode. */
  readonly time: number | null;
  /** Of the training tab: a run of the skill, or the form for a new one (which may have no skill yet). */
  readonly run: number | "new" | null;
  /** Another run of the skill: what `run` is compared with, or what a new one starts from. */
  readonly other: number | null;
}

export const HOME: Route = {
  tab: "skills",
  skill: null,
  episode: null,
  time: null,
  run: null,
  other: null,
};

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [tab, skill, item] = path.split("/").map(decode);
  if (!tab || !(TABS as readonly string[]).includes(tab)) return HOME;
  const parameters = new URLSearchParams(query);
  const place = { ...HOME, tab: tab as Tab, skill: skill === undefined || skill === "" ? null : skill };
  if (tab === "training") {
    const run = item === "new" ? "new" : place.skill === null ? null : whole(item);
    const other = run === null || place.skill === null ? null : whole(parameters.get(otherName(run)));
    return { ...place, run, other: other === run ? null : other };
  }
  const episode = tab === "datasets" && place.skill !== null ? whole(item) : null;
  const time = Number.parseFloat(parameters.get("t") ?? "");
  return { ...place, episode, time: episode !== null && time >= 0 ? time : null };
}

export function formatRoute(route: Partial<Route> & { tab: Tab }): string {
  let hash = `#/${route.tab}`;
  if (route.tab === "training" && route.run !== null && route.run !== undefined) {
    hash += `/${encodeURIComponent(route.skill ?? "")}/${route.run}`;
    const other = route.other ?? null;
    return other === null ? hash : `${hash}?${otherName(route.run)}=${other}`;
  }
  if (!route.skill) return hash;
  hash += `/${encodeURIComponent(route.skill)}`;
  if (route.tab !== "datasets" || route.episode === null || route.episode === undefined) return hash;
  hash += `/${route.episode}`;
  return route.time ? `${hash}?t=${Number(route.time.toFixed(3))}` : hash;
}

function otherName(run: number | "new"): string {
  return run === "new" ? "from" : "with";
}

/** Digits alone; null for anything else. */
function whole(part: string | null | undefined): number | null {
  return /^\d{1,15}$/.test(part ?? "") ? Number(part) : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
