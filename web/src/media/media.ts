/** Videos, frames, thumbnails and signals of an episode, by ids alone. */
import { getJson } from "./http.ts";

export interface EpisodeKey {
  readonly skill: string;
  readonly episode: number;
}

/** One camera's video, as far as the server has it. */
export interface Playable {
  readonly state: "ready" | "encoding" | "failed";
  /** 0 to 1, while it is encoding. */
  readonly progress: number;
  readonly frames: number;
  readonly rate: number;
  readonly width: number;
  readonly height: number;
  /** Seconds in the video at which frame 0 begins. */
  readonly startTime: number;
  readonly error: string;
  readonly url: string;
}

export interface Signal {
  readonly name: string;
  readonly names: readonly string[];
  readonly units: readonly string[];
  /** One row a timestep; null where there is no number. */
  readonly values: readonly (readonly (number | null)[])[];
}

function media({ skill, episode }: EpisodeKey): string {
  return `/api/media/${encodeURIComponent(skill)}/${episode}`;
}

export function thumbnailUrl(key: EpisodeKey): string {
  return `${media(key)}/thumbnail.jpg`;
}

export function frameUrl(key: EpisodeKey, camera: string, frame: number, width: number | null): string {
  const url = `${media(key)}/${encodeURIComponent(camera)}/frame/${frame}.jpg`;
  return width === null ? url : `${url}?width=${width}`;
}

export async function getPlayable(key: EpisodeKey, camera: string, signal: AbortSignal): Promise<Playable> {
  const body = fields(await getJson(`${media(key)}/${encodeURIComponent(camera)}/info`, signal));
  const state = body["state"];
  return {
    state: state === "ready" || state === "encoding" ? state : "failed",
    progress: numeric(body["progress"]),
    frames: numeric(body["frames"]),
    rate: numeric(body["rate"]),
    width: numeric(body["width"]),
    height: numeric(body["height"]),
    startTime: numeric(body["start_time"]),
    error: typeof body["error"] === "string" ? body["error"] : "",
    url: typeof body["url"] === "string" ? body["url"] : "",
  };
}

/** More rows than a screen is wide help nobody; the server keeps every peak when it thins them out. */
const MOST_ROWS = 4000;

export async function getSignals(key: EpisodeKey, signal: AbortSignal): Promise<readonly Signal[]> {
  const url = `/api/signals/${encodeURIComponent(key.skill)}/${key.episode}?points=${MOST_ROWS}`;
  const found = fields(await getJson(url, signal))["signals"];
  return Array.isArray(found) ? found.map(readSignal) : [];
}

function readSignal(wire: unknown): Signal {
  const body = fields(wire);
  const texts = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : "")) : [];
  return {
    name: typeof body["name"] === "string" ? body["name"] : "",
    names: texts(body["names"]),
    units: texts(body["units"]),
    values: Array.isArray(body["values"]) ? (body["values"] as Signal["values"]) : [],
  };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function numeric(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
