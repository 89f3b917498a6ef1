import type { MouseEvent } from "react";
import { Icon } from "@/ui/icons.tsx";

/** A check box with room for a thumb around it. The click says whether Shift was held. */
export function SelectBox({
  label,
  checked,
  onChange,
  disabled = false,
}: {
  label: string;
  checked: boolean | "mixed";
  onChange: (event: MouseEvent) => void;
  disabled?: boolean;
}) {
  const on = checked !== false;
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={checked}
      aria-label={label}
      disabled={disabled}
      onClick={onChange}
      className="group grid h-full w-11 shrink-0 place-items-center"
    >
      <span
        className={`grid size-4 place-items-center rounded border ${on ? "border-accent-fill bg-accent-fill text-white" : "border-edge bg-surface group-hover:border-faint"}`}
      >
        {checked === true && <Icon name="check" className="size-3.5" />}
        {checked === "mixed" && <span className="h-0.5 w-2 rounded bg-white" />}
      </span>
    </button>
  );
}
