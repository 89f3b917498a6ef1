import { Notice } from "./badge.tsx";

/** Why a form was refused, with what was said about fields that it does not show. */
export function Refusal({
  message,
  elsewhere,
}: {
  message: string;
  elsewhere: readonly { readonly field: string; readonly message: string }[];
}) {
  return (
    <Notice tone="danger" title={message}>
      {elsewhere.length > 0 && (
        <ul>
          {elsewhere.map((error) => (
            <li key={error.field}>
              <code className="font-mono text-xs">{error.field}</code>: {error.message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
