import { useEffect, useState } from "react";

export interface Palette {
  readonly line: string;
  readonly text: string;
  readonly font: string;
  /** So many colours that can be told apart. */
  readonly colours: (count: number) => readonly string[];
}

const LIGHT = ["#4f46e5", "#d97706", "#059669", "#db2777", "#0284c7", "#7c3aed", "#65a30d", "#dc2626"];
const DARK = ["#a5a8fb", "#fbbf24", "#34d399", "#f472b6", "#38bdf8", "#c084fc", "#a3e635", "#f87171"];

/** The first curves get chosen colours, further ones hues a golden angle apart, so that neighbours differ. */
function colours(count: number, dark: boolean): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const chosen = (dark ? DARK : LIGHT)[index];
    if (chosen !== undefined) return chosen;
    const lightness = (dark ? 66 : 40) + (index % 3) * 7;
    return `hsl(${Math.round(245 + index * 137.5) % 360} 62% ${lightness}%)`;
  });
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const dark = document.documentElement.dataset["theme"] === "dark";
  return {
    line: style.getPropertyValue("--line"),
    text: style.getPropertyValue("--faint"),
    font: '10.5px "Inter", sans-serif',
    colours: (count) => colours(count, dark),
  };
}

/** Colours for charts that follow the page's theme. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(read);
  useEffect(() => {
    const observer = new MutationObserver(() => setPalette(read()));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return palette;
}
