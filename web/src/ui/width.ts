import { useCallback, useRef, useState } from "react";

/** The element's inner width in pixels, 0 before it is laid out; give `ref` to the element. */
export function useWidth(): { readonly width: number; readonly ref: (element: Element | null) => void } {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver>(null);
  const ref = useCallback((element: Element | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => {
      if (entry) setWidth(entry.contentRect.width);
    });
    observer.current.observe(element);
  }, []);
  return { width, ref };
}
