import { parseObject } from "@/text/json.ts";
import { valueText } from "./fields.ts";

/** Values of the preset that are worth knowing and can't be changed. */
export function Architecture({ json }: { json: string }) {
  const entries = Object.entries(parseObject(json) ?? {});
  if (entries.length === 0) return null;
  return (
    <details>
      <summary className="inline-flex cursor-pointer rounded font-medium text-quiet hover:text-ink">
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
