import { useEffect, useId, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

export interface MenuItem {
  /** Where two may have the same label. */
  readonly id?: string;
  readonly label: string;
  readonly onSelect: () => void;
  readonly disabled?: boolean;
  /** Stands at the right: a count, a key. */
  readonly hint?: string;
  readonly danger?: boolean;
}

/** A button that opens a list of commands. Arrow keys move, Escape closes, as menus do everywhere. */
export function Menu({
  label,
  icon,
  text,
  items,
  align = "right",
  upwardsOnPhone = false,
  className = "",
}: {
  /** The button's name. */
  label: string;
  icon?: IconName;
  /** What the button shows beside its icon; nothing: the icon alone. */
  text?: string;
  items: readonly MenuItem[];
  align?: "left" | "right";
  /** Where the button stands at the bottom of a phone's screen. */
  upwardsOnPhone?: boolean;
  className?: string;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>("[role=menuitem]:not([disabled])")?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (!open) return;
    const all = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not([disabled])") ?? [])];
    const at = all.findIndex((item) => item === document.activeElement);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) all[next]?.focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    // Keys reach it from the items within.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={box} className={`relative shrink-0 ${className}`} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="inline-flex h-11 min-w-11 items-center justify-center gap-1.5 rounded-md px-2.5 text-sm font-medium text-quiet select-none hover:bg-hover hover:text-ink aria-expanded:bg-hover aria-expanded:text-ink md:h-8 md:min-w-8"
      >
        {icon && <Icon name={icon} />}
        {text !== undefined && <span className="@max-sm:sr-only">{text}</span>}
        {text !== undefined && <Icon name="chevronDown" className="size-3.5" />}
      </button>
      {open && (
        <div
          id={id}
          role="menu"
          aria-label={label}
          className={`absolute z-30 top-full mt-1 max-h-[60dvh] min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-xl ${align === "right" ? "right-0" : "left-0"} ${upwardsOnPhone ? "max-md:top-auto max-md:bottom-full max-md:mb-1" : ""}`}
        >
          {items.map((item) => (
            <button
              key={item.id ?? item.label}
              type="button"
              role="menuitem"
              disabled={item.disabled}
              onClick={() => {
                close();
                item.onSelect();
              }}
              className={`flex min-h-11 w-full items-center justify-between gap-4 rounded-md px-2.5 text-left whitespace-nowrap hover:bg-hover focus:bg-hover focus:outline-none disabled:opacity-45 md:min-h-8 ${item.danger ? "text-danger" : ""}`}
            >
              {item.label}
              {item.hint && <span className="text-xs text-faint">{item.hint}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
