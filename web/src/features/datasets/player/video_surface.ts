import type { Playable } from "@/media/media.ts";
import { clampFrame, frameAt, presentedFrame, seekTime } from "./frames.ts";
import type { Surface, View } from "./player.ts";

/** Further off than this and it jumps; less, and it is a little faster or slower until it fits. */
const JUMP_S = 0.3;
const CLOSE_S = 0.012;
const STRONGEST_PULL = 0.25;
/**
 * A seek is over before its picture is on screen. A browser tells when it is; where it never does (the tile is
 * hidden) the frame counts as shown after this time.
 */
const PRESENT_MS = 1000;

/** Makes a <video> follow the player's clock, frame by frame while it stands still. */
export class VideoSurface implements Surface {
  readonly #video: HTMLVideoElement;
  readonly #playable: Playable;
  readonly #clockRate: number;
  readonly #onShown: (frame: number) => void;
  readonly #onReady: () => void;
  readonly #ending = new AbortController();
  #view: View | null = null;
  /** The frame of the last seek; -1: it has moved since. */
  #sought = -1;
  /** The frame that the browser presented last. */
  #presented = -1;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #callback = 0;

  /** `onReady`: it can show frames now, or again go on moving. */
  constructor(
    video: HTMLVideoElement,
    playable: Playable,
    clockRate: number,
    onShown: (frame: number) => void,
    onReady: () => void,
    onError: () => void,
  ) {
    this.#video = video;
    this.#playable = playable;
    this.#clockRate = clockRate;
    this.#onShown = onShown;
    this.#onReady = onReady;
    const { signal } = this.#ending;
    video.addEventListener("loadedmetadata", onReady, { signal });
    video.addEventListener("canplay", onReady, { signal });
    video.addEventListener("seeked", () => this.#seeked(), { signal });
    video.addEventListener("error", onError, { signal });
    video.preload = "auto";
    video.muted = true;
    video.src = playable.url;
    video.load();
    this.#watch();
  }

  get waiting(): boolean {
    const view = this.#view;
    if (!view || view.velocity <= 0 || this.#over(view)) return false;
    return this.#video.seeking || this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  get reached(): number | null {
    const view = this.#view;
    if (!view || view.velocity <= 0 || this.#over(view)) return null;
    return (this.#video.currentTime - this.#playable.startTime) * this.#playable.rate;
  }

  update(view: View): void {
    this.#view = view;
    if (this.#video.readyState < HTMLMediaElement.HAVE_METADATA) return;
    if (view.velocity > 0 && !this.#over(view)) this.#follow(view);
    else this.#show(clampFrame(Math.floor(view.position), this.#frames()));
    if (!("requestVideoFrameCallback" in this.#video)) this.#guess();
  }

  dispose(): void {
    this.#ending.abort();
    clearTimeout(this.#settling);
    if ("cancelVideoFrameCallback" in this.#video) this.#video.cancelVideoFrameCallback(this.#callback);
    this.#video.pause();
    // Without this browsers keep the connection and the decoder.
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #show(frame: number): void {
    const video = this.#video;
    if (!video.paused) video.pause();
    // While a seek is under way only the newest wish counts; see #seeked.
    if (frame === this.#sought || video.seeking) return;
    this.#sought = frame;
    video.currentTime = seekTime(frame, this.#playable.rate, this.#playable.startTime);
  }

  #follow(view: View): void {
    const video = this.#video;
    const { rate, startTime } = this.#playable;
    this.#sought = -1;
    if (view.held) {
      if (!video.paused) video.pause();
      return;
    }
    if (video.seeking) return;
    const behind = startTime + view.position / rate - video.currentTime;
    const pace = (view.velocity * this.#clockRate) / rate;
    if (Math.abs(behind) > JUMP_S * Math.max(1, pace)) {
      video.currentTime = startTime + view.position / rate;
    } else {
      const pull = Math.max(-STRONGEST_PULL, Math.min(STRONGEST_PULL, behind * 3));
      const wanted = pace * (Math.abs(behind) < CLOSE_S ? 1 : 1 + pull);
      if (Math.abs(video.playbackRate - wanted) > 0.005) video.playbackRate = wanted;
    }
    // A video that has ended would start from its beginning.
    if (video.paused && !video.ended) {
      video.play().catch(() => {
        // Paused again before it began, or the browser wants a gesture first: the next update tries again.
      });
    }
  }

  #seeked(): void {
    clearTimeout(this.#settling);
    const view = this.#view;
    if (!view) return;
    if (view.velocity <= 0) {
      const wanted = clampFrame(Math.floor(view.position), this.#frames());
      if (wanted !== this.#sought) {
        this.update(view);
        return;
      }
      // It presents nothing where the picture is on screen already.
      if (this.#presented === wanted) this.#onShown(wanted);
      else this.#settling = setTimeout(() => this.#onShown(wanted), PRESENT_MS);
    }
    this.#onReady();
  }

  /** Hears from the browser which frame it presents. */
  #watch(): void {
    if (!("requestVideoFrameCallback" in this.#video)) return;
    this.#callback = this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      clearTimeout(this.#settling);
      this.#presented = presentedFrame(mediaTime, this.#playable.rate, this.#playable.startTime);
      this.#onShown(this.#presented);
      this.#watch();
    });
  }

  #guess(): void {
    const { rate, startTime } = this.#playable;
    if (!this.#video.seeking) this.#onShown(frameAt(this.#video.currentTime, rate, startTime));
  }

  #frames(): number {
    return Math.max(1, this.#playable.frames);
  }

  /** This camera has fewer frames than the episode, and its last one has been reached. */
  #over(view: View): boolean {
    return view.position >= this.#frames() - 1;
  }
}
