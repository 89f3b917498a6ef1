import { useId } from "react";
import { Button, IconButton } from "@/ui/button.tsx";
import { INPUT } from "@/ui/search.tsx";
import type { Draft, Problems } from "./run_form.ts";

/** Variables of the environment that the preset does not have. */
export function FurtherVariables({
  draft,
  problems,
  onChange,
}: {
  draft: Draft;
  problems: Problems;
  onChange: (draft: Draft) => void;
}) {
  const { env } = draft;
  const change = (key: number, part: Partial<{ name: string; value: string }>): void =>
    onChange({ ...draft, env: env.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  return (
    <div className="space-y-2" data-field="env">
      {env.map((row) => {
        const path = `env.${row.name.trim()}`;
        const problem = problems[path];
        return (
          <div key={row.key} data-field={path}>
            <div className="flex items-center gap-2">
              <input
                aria-label="Name of the variable"
                placeholder="NAME"
                value={row.name}
                autoComplete="off"
                autoCapitalize="characters"
                spellCheck={false}
                aria-invalid={problem !== undefined}
                onChange={(event) => change(row.key, { name: event.target.value })}
                className={`${INPUT} min-w-0 flex-1 font-mono`}
              />
              <input
                aria-label={`Value of ${row.name || "the variable"}`}
                placeholder="value"
                value={row.value}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => change(row.key, { value: event.target.value })}
                className={`${INPUT} min-w-0 flex-2 font-mono`}
              />
              <IconButton
                label={`Remove ${row.name || "the variable"}`}
                icon="close"
                onClick={() => onChange({ ...draft, env: env.filter((other) => other.key !== row.key) })}
              />
            </div>
            {problem && <p className="mt-1 text-xs font-medium text-danger">{problem}</p>}
          </div>
        );
      })}
      <Button
        icon="plus"
        onClick={() => {
          const key = env.reduce((most, row) => Math.max(most, row.key), 0) + 1;
          onChange({ ...draft, env: [...env, { key, name: "", value: "" }] });
        }}
      >
        Add a variable
      </Button>
    </div>
  );
}

/** Further keys of what is sent to the server. */
export function ExtraJson({
  text,
  problem,
  onChange,
}: {
  text: string;
  problem: string | undefined;
  onChange: (text: string) => void;
}) {
  const id = useId();
  return (
    <div data-field="extra">
      <label htmlFor={id} className="mb-1 block font-medium">
        Further parameters
      </label>
      <textarea
        id={id}
        rows={2}
        value={text}
        spellCheck={false}
        placeholder="{}"
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value)}
        className={`${INPUT} field-sizing-content max-h-80 min-h-16 resize-y font-mono`}
      />
      <p id={`${id}-help`} className="mt-1 text-xs text-faint">
        {problem && <span className="mb-0.5 block font-medium text-danger">{problem}</span>}A JSON object,
        sent along with the rest as it is.
      </p>
    </div>
  );
}
