/** Where values of an episode stand. */

/** Smallest and largest number in the given columns of all rows; (Infinity, -Infinity) where there is none. */
export function extent(
  rows: readonly (readonly (number | null)[])[],
  columns: readonly number[],
): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    for (const column of columns) {
      const value = row[column];
      if (value === null || value === undefined) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

/** The row that belongs to a frame; long episodes come thinned out evenly. */
export function rowOfFrame(frame: number, frames: number, rows: number): number {
  if (frames <= 1 || rows <= 1) return 0;
  if (rows === frames) return Math.min(frame, rows - 1);
  return Math.min(rows - 1, Math.max(0, Math.round((frame / (frames - 1)) * (rows - 1))));
}
