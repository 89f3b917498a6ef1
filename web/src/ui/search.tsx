import { Icon } from "./icons.tsx";

export const INPUT =
  "w-full rounded-md border border-edge bg-surface px-2.5 py-2.5 text-lg text-ink placeholder:text-faint hover:border-faint focus:border-accent focus:outline-1 focus:outline-offset-0 focus:outline-accent aria-invalid:border-danger md:py-1.5 md:text-sm";

export function Search({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <label className="relative block min-w-0 flex-1">
      <span className="sr-only">{label}</span>
      <Icon
        name="search"
        className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-faint"
      />
      <input
        type="search"
        value={value}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        className={`${INPUT} pl-8`}
      />
    </label>
  );
}
