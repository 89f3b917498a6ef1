import { HttpError } from "@/media/http.ts";
import type { EpisodeKey, Playable } from "@/media/media.ts";
import { getPlayable } from "@/media/media.ts";
import type { Player, Surface, View } from "./player.ts";
import { StillSurface } from "./still_surface.ts";
import { VideoSurface } from "./video_surface.ts";

export interface CameraState {
  /** What is on screen. */
  readonly mode: "nothing" | "stills" | "video";
  /** 0 to 1 while the video is being made; null otherwise. */
  readonly progress: number | null;
  readonly width: number;
  readonly height: number;
  /** Why there is no video, or no picture at all; "" where all is well. */
  readonly problem: string;
}

const POLL_MS = 500;
const RETRY_MS = 3000;

/**
 * One camera's picture. Where the server still makes the video it shows stills, so that scrubbing works at
 * once, and goes over to the video by itself as soon as that shows its first frame.
 */
export class CameraSurface implements Surface {
  readonly #video: HTMLVideoElement;
  readonly #player: Player;
  readonly #key: EpisodeKey;
  readonly #camera: string;
  readonly #onFrame: (frame: number) => void;
  readonly #listeners = new Set<() => void>();
  readonly #ending = new AbortController();
  readonly #stills: StillSurface;
  #state: CameraState = { mode: "nothing", progress: null, width: 0, height: 0, problem: "" };
  #frames = 0;
  #moving: VideoSurface | null = null;
  #stillsWanted = false;
  #view: View | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `onFrame` is told which frame is on screen. `raw`: the server has to make the video first, most likely,
   * so a still is asked for right away.
   */
  constructor(
    elements: { readonly video: HTMLVideoElement; readonly canvas: HTMLCanvasElement },
    player: Player,
    key: EpisodeKey,
    camera: string,
    raw: boolean,
    onFrame: (frame: number) => void,
  ) {
    this.#video = elements.video;
    this.#player = player;
    this.#key = key;
    this.#camera = camera;
    this.#onFrame = onFrame;
    this.#stills = new StillSurface(
      elements.canvas,
      key,
      camera,
      () => this.#frames,
      (frame) => this.#stillShown(frame),
      (problem) => this.#stillProblem(problem),
    );
    this.#stillsWanted = raw;
    void this.#ask();
  }

  readonly state = (): CameraState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get waiting(): boolean {
    return this.#moving !== null && this.#state.mode !== "stills" && this.#moving.waiting;
  }

  get reached(): number | null {
    return this.#moving !== null && this.#state.mode !== "stills" ? this.#moving.reached : null;
  }

  update(view: View): void {
    this.#view = view;
    this.#moving?.update(view);
    if (this.#stillsWanted) this.#stills.update(view);
  }

  dispose(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
    this.#stills.dispose();
    this.#moving?.dispose();
    this.#listeners.clear();
  }

  async #ask(): Promise<void> {
    let playable: Playable;
    try {
      playable = await getPlayable(this.#key, this.#camera, this.#ending.signal);
    } catch (problem) {
      if (this.#ending.signal.aborted) return;
      this.#change({ problem: problem instanceof Error ? problem.message : String(problem) });
      // What is missing stays missing; a server that does not answer may come back.
      if (!(problem instanceof HttpError) || problem.status === 0 || problem.status >= 500)
        this.#later(RETRY_MS);
      return;
    }
    this.#frames = playable.frames;
    const { width, height } = playable;
    const encoding = playable.state === "encoding";
    this.#change({ width, height, problem: playable.error, progress: encoding ? playable.progress : null });
    if (playable.state === "ready") this.#startVideo(playable);
    else this.#startStills();
    if (encoding) this.#later(POLL_MS);
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  #startStills(): void {
    if (this.#stillsWanted) return;
    this.#stillsWanted = true;
    this.#player.refresh(this);
  }

  #startVideo(playable: Playable): void {
    this.#moving = new VideoSurface(
      this.#video,
      playable,
      this.#player.rate,
      (frame) => this.#videoShown(frame),
      () => {
        if (this.#view) this.#moving?.update(this.#view);
      },
      () => this.#videoFailed(),
    );
    if (this.#view) this.#moving.update(this.#view);
  }

  #stillShown(frame: number): void {
    if (!this.#stillsWanted) return;
    this.#change({ mode: "stills" });
    this.#onFrame(frame);
  }

  #stillProblem(problem: boolean): void {
    if (problem && this.#state.mode === "nothing") this.#change({ problem: "This picture can't be read." });
    else if (!problem && this.#state.problem === "This picture can't be read.") this.#change({ problem: "" });
  }

  #videoShown(frame: number): void {
    if (this.#stillsWanted) {
      // Goes over only on the frame that is asked for: nothing jumps.
      const wanted = this.#player.state();
      if (wanted.velocity === 0 && frame !== Math.min(wanted.frame, Math.max(0, this.#frames - 1))) return;
      this.#stillsWanted = false;
      this.#stills.dispose();
    }
    this.#change({ mode: "video", problem: "" });
    this.#onFrame(frame);
  }

  #videoFailed(): void {
    this.#moving?.dispose();
    this.#moving = null;
    this.#change({ problem: "This browser can't play this video. It shows single frames instead." });
    this.#startStills();
  }

  #change(change: Partial<CameraState>): void {
    const next = { ...this.#state, ...change };
    const same = (Object.keys(next) as (keyof CameraState)[]).every((key) => next[key] === this.#state[key]);
    if (same || this.#ending.signal.aborted) return;
    this.#state = next;
    for (const listener of [...this.#listeners]) listener();
  }
}
