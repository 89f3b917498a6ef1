/** The panel's icons: 16 × 16, one stroke width, coloured by the text around them. */
const PATHS = {
  alert: "M8 5.5v3M8 11h.01M7.1 2.6 1.6 12a1 1 0 0 0 .9 1.5h11a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0Z",
  arrowDown: "M8 3.5v9M4.5 9 8 12.5 11.5 9",
  arrowUp: "M8 12.5v-9M4.5 7 8 3.5 11.5 7",
  back: "M10 3 5 8l5 5",
  box: "M2.5 5 8 2l5.5 3v6L8 14l-5.5-3V5Zm0 0L8 8l5.5-3M8 8v6",
  braces:
    "M6 2.5c-2 0-1.5 2-1.5 3S4 8 2.5 8C4 8 4.5 9.5 4.5 10.5s-.5 3 1.5 3M10 2.5c2 0 1.5 2 1.5 3S12 8 13.5 8c-1.5 0-2 1.5-2 2.5s.5 3-1.5 3",
  camera:
    "M2 5.5A1.5 1.5 0 0 1 3.5 4h5A1.5 1.5 0 0 1 10 5.5v5A1.5 1.5 0 0 1 8.5 12h-5A1.5 1.5 0 0 1 2 10.5v-5ZM10 7l4-2v6l-4-2",
  check: "m3 8.5 3.2 3.2L13 5",
  chevronDown: "m4 6 4 4 4-4",
  chevronRight: "m6 4 4 4-4 4",
  chevronUp: "m4 10 4-4 4 4",
  close: "m4 4 8 8M12 4l-8 8",
  cloud: "M4.5 12.5a3 3 0 0 1-.3-6A4 4 0 0 1 12 7a2.8 2.8 0 0 1-.5 5.5h-7Z",
  compare: "M4.5 13V7M8 13V3M11.5 13v-4M2.5 13.5h11",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9",
  film: "M2.5 3.5h11v9h-11zM5.5 3.5v9M10.5 3.5v9M2.5 8h3M10.5 8h3",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.3c.2-1 .9-1.5 1.8-1.5 1 0 1.7.6 1.7 1.5 0 1.2-1.7 1.3-1.7 2.6M8 11h.01",
  layers: "m8 2 6 3-6 3-6-3 6-3ZM2 8l6 3 6-3M2 11l6 3 6-3",
  lines: "M2.5 4h11M2.5 8h11M2.5 12h7",
  merge: "M4 2.5v2c0 2.5 4 2.5 4 5v4M12 2.5v2c0 2.5-4 2.5-4 5M5.5 11 8 13.5l2.5-2.5",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7Z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  nextFrame: "M5 4l5 4-5 4V4ZM12 4v8",
  note: "M3 3.5h10v6.5l-3 3H3v-9.5ZM10 13v-3h3M5.5 6.5h5M5.5 9h2.5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3l8 5-8 5V3Z",
  plus: "M8 3v10M3 8h10",
  previousFrame: "M11 4 6 8l5 4V4ZM4 4v8",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.6-3.9L13.5 5.5M13.5 2.5v3h-3",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  shrink: "M13.5 6.5h-4v-4M2.5 9.5h4v4M9.5 6.5 14 2M6.5 9.5 2 14",
  shield: "M8 2 3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4L8 2ZM5.8 8l1.6 1.6 3-3.2",
  signOut: "M6 2.5H3.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H6M10.5 11l3-3-3-3M13.5 8h-7",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  system: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3",
  thumbUp:
    "M5 7.5 7.5 2.5c1 0 1.6.8 1.4 1.8L8.5 6.5h3.6c.9 0 1.5.8 1.3 1.7l-.9 4c-.2.8-.7 1.3-1.5 1.3H5v-6ZM2.5 7.5H5v6H2.5z",
  thumbDown:
    "M11 8.5 8.5 13.5c-1 0-1.6-.8-1.4-1.8l.4-2.2H3.9c-.9 0-1.5-.8-1.3-1.7l.9-4c.2-.8.7-1.3 1.5-1.3h6v6ZM13.5 8.5H11v-6h2.5z",
  training: "M2 12.5c2 0 2.5-7 4.5-7s2 4 3.5 4 2-6.5 4-6.5",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9",
  undo: "M6 3 2.5 6.5 6 10M2.5 6.5H10a3.5 3.5 0 0 1 0 7H7",
  upload: "M8 11V3M4.5 6 8 2.5 11.5 6M3 13.5h10",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(["play", "nextFrame", "previousFrame"]);

export function Icon({ name, className = "" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={`size-4 shrink-0 ${className}`}
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={name === "pause" || name === "more" ? 2.5 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
