import { parseObject } from "@/text/json.ts";
import { Icon } from "@/ui/icons.tsx";
import { valueText } from "./fields.ts";

/** Values of the preset that are worth knowing and can't be changed. */
export function Architecture({ json }: { json: string }) {
  const entries = Object.entries(parseObject(json) ?? {});
  if (entries.length === 0) return null;
  return (
    <details className="group">
      <summary className="inline-flex min-h-11 cursor-pointer items-center gap-1 rounded font-medium text-quiet hover:text-ink md:min-h-0">
        <Icon name="chevronRight" className="size-3.5 group-open:rotate-90" />
        What the preset fixes
      </summary>
      <dl className="mt-2 grid grid-cols-2 gap-x-6 gap-y-1.5 sm:grid-cols-3">
        {entries.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="truncate font-mono text-2xs text-faint">{name}</dt>
            <dd className="wrap-anywhere">{valueText(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
