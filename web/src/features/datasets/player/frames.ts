/**
 * Frames and times of a video. Frame k is on screen from `start + k / rate` until the next one, so its
 * middle is the safe time to seek to: a rounding error never lands on a neighbour.
 */

export function seekTime(frame: number, rate: number, start: number): number {
  return start + (frame + 0.5) / rate;
}

/** The frame whose presentation time a browser reports. */
export function presentedFrame(mediaTime: number, rate: number, start: number): number {
  return Math.max(0, Math.round((mediaTime - start) * rate));
}

/** The frame that is on screen at a time of the video's clock. */
export function frameAt(time: number, rate: number, start: number): number {
  return Math.max(0, Math.floor((time - start) * rate + 1e-6));
}

export function clampFrame(frame: number, frames: number): number {
  return Math.min(Math.max(0, Math.round(frame)), Math.max(0, frames - 1));
}

/** The frame that a link's time means; links carry milliseconds. */
export function frameOfLink(seconds: number, rate: number, frames: number): number {
  return clampFrame(seconds * rate, frames);
}

/**
 * Frames per second of an episode's clock: as declared, else from its length, else a common one. Only how
 * fast it plays depends on it, never which frame is shown.
 */
export function clockRate(declared: number, frames: number, duration: number): number {
  if (declared > 0) return declared;
  return frames > 1 && duration > 0 ? frames / duration : 30;
}
