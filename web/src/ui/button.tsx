import type { ButtonHTMLAttributes } from "react";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent-fill text-white hover:brightness-110",
  plain: "border border-edge bg-raised text-ink hover:bg-hover",
  quiet: "text-quiet hover:bg-hover hover:text-ink",
  danger: "border border-edge bg-raised text-danger hover:bg-danger-soft",
};

const BASE =
  "inline-flex select-none items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:cursor-default disabled:opacity-45";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: IconName;
}

export function Button({ look = "plain", icon, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`${BASE} ${LOOKS[look]} h-11 min-w-11 px-3 text-sm md:h-8 md:min-w-8 ${className}`}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  label: string;
  icon: IconName;
  look?: Look;
}

/** A button that shows an icon alone; `label` is its name and its tooltip. */
export function IconButton({ label, icon, look = "quiet", className = "", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`${BASE} ${LOOKS[look]} size-11 md:size-8 ${className}`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
