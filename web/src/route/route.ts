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
  /** Another run: what `run` is compared with, or what a new one starts from. */
  readonly other: number | null;
  /** The skill of a run that `run` is compared with; null: the same one. */
  readonly otherSkill: string | null;
}

export const HOME: Route = {
  tab: "skills",
  skill: null,
  episode: null,
  time: null,
  run: null,
  other: null,
  otherSkill: null,
};

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [tab, skill, item] = path.split("/").map(decode);
  if (!tab || !(TABS as readonly string[]).includes(tab)) return HOME;
  const parameters = new URLSearchParams(query);
  const place = { ...HOME, tab: tab as Tab, skill: skill === undefined || skill === "" ? null : skill };
  if (tab === "training") {
    if (place.skill === null) return { ...place, run: parameters.has("new") ? "new" : null };
    const run = item === "new" ? "new" : whole(item);
    const other = run === null ? null : whole(parameters.get(otherName(run)));
    const asked = run === "new" || other === null ? null : parameters.get("of");
    const otherSkill = asked === place.skill ? null : asked;
    return other === run && otherSkill === null ? { ...place, run } : { ...place, run, other, otherSkill };
  }
  const episode = tab === "datasets" && place.skill !== null ? whole(item) : null;
  const time = Number.parseFloat(parameters.get("t") ?? "");
  return { ...place, episode, time: episode !== null && time >= 0 ? time : null };
}

export function formatRoute(route: Partial<Route> & { tab: Tab }): string {
  let hash = `#/${route.tab}`;
  if (route.tab === "training" && route.run !== null && route.run !== undefined) {
    if (!route.skill) return route.run === "new" ? `${hash}?new` : hash;
    hash += `/${encodeURIComponent(route.skill)}/${route.run}`;
    const other = route.other ?? null;
    if (other === null) return hash;
    const of = route.otherSkill ? `&of=${encodeURIComponent(route.otherSkill)}` : "";
    return `${hash}?${otherName(route.run)}=${other}${of}`;
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
