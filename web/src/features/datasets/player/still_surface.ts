import type { EpisodeKey } from "@/media/media.ts";
import { frameUrl } from "@/media/media.ts";
import { clampFrame } from "./frames.ts";
import type { Surface, View } from "./player.ts";

/** Widths that are asked for: few, so that the browser's and the server's caches can help. */
const WIDTHS: readonly number[] = [240, 480, 720, 1080];
const RETRY_MS = 800;

/** Shows single frames as pictures: at once, whatever the video is stored as, but fewer a second. */
export class StillSurface implements Surface {
  readonly waiting = false;
  readonly reached = null;
  readonly #canvas: HTMLCanvasElement;
  readonly #url: (frame: number) => string;
  readonly #frames: () => number;
  readonly #onShown: (frame: number) => void;
  readonly #onProblem: (problem: boolean) => void;
  #wanted = -1;
  #loading: HTMLImageElement | null = null;
  #shown = -1;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    canvas: HTMLCanvasElement,
    key: EpisodeKey,
    camera: string,
    frames: () => number,
    onShown: (frame: number) => void,
    onProblem: (problem: boolean) => void,
  ) {
    this.#canvas = canvas;
    this.#frames = frames;
    this.#onShown = onShown;
    this.#onProblem = onProblem;
    this.#url = (frame) => frameUrl(key, camera, frame, fittingWidth(canvas));
  }

  update({ position }: View): void {
    const frames = this.#frames();
    this.#wanted = frames > 0 ? clampFrame(Math.floor(position), frames) : Math.floor(position);
    this.#load();
  }

  dispose(): void {
    clearTimeout(this.#retry);
    this.#wanted = -1;
    this.#shown = -1;
    if (this.#loading) {
      this.#loading.onload = null;
      this.#loading.onerror = null;
      this.#loading.src = "";
    }
    this.#loading = null;
  }

  // One picture at a time: while it is on its way the wish may change, and only the newest counts.
  #load(): void {
    if (this.#loading || this.#wanted < 0 || this.#wanted === this.#shown) return;
    const frame = this.#wanted;
    const image = new Image();
    this.#loading = image;
    image.onload = () => {
      this.#loading = null;
      this.#paint(image);
      this.#shown = frame;
      this.#onProblem(false);
      this.#onShown(frame);
      this.#load();
    };
    image.onerror = () => {
      // The server may just be busy.
      this.#onProblem(true);
      this.#retry = setTimeout(() => {
        this.#loading = null;
        this.#load();
      }, RETRY_MS);
    };
    image.src = this.#url(frame);
  }

  #paint(image: HTMLImageElement): void {
    const canvas = this.#canvas;
    if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
    }
    canvas.getContext("2d")?.drawImage(image, 0, 0);
  }
}

/** The least of the usual widths that fills the canvas; null: as wide as it is. */
function fittingWidth(canvas: HTMLCanvasElement): number | null {
  const needed = canvas.clientWidth * Math.min(2, window.devicePixelRatio);
  return WIDTHS.find((width) => width >= needed) ?? null;
}
