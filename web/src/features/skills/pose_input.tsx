import { INPUT } from "@/ui/search.tsx";
import { JOINTS, splitPose } from "./field_text.ts";

/** Six angles in six boxes; a pasted list fills them all. The value is one text, "0, 1.5, …". */
export function PoseInput({
  label,
  text,
  onChange,
  invalid = false,
  describedBy,
}: {
  label: string;
  text: string;
  onChange: (text: string) => void;
  invalid?: boolean;
  describedBy?: string | undefined;
}) {
  const cells = [...splitPose(text)];
  // A text that is no list of angles (a hand edit) is shown as it is, so that it can be mended.
  const odd = cells.length > JOINTS || cells.some((cell) => cell !== "" && !/^[-+.\deE]*$/.test(cell));
  if (odd) {
    return (
      <input
        aria-label={label}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        className={`${INPUT} font-mono`}
      />
    );
  }
  const change = (joint: number, value: string): void => {
    const pasted = splitPose(value);
    if (pasted.length > 1) {
      onChange(pasted.join(", "));
      return;
    }
    const next = Array.from({ length: JOINTS }, (_, i) => (i === joint ? value.trim() : (cells[i] ?? "")));
    onChange(next.some(Boolean) ? next.join(", ") : "");
  };
  return (
    <div role="group" aria-label={label} className="grid grid-cols-3 gap-1.5 @md:grid-cols-6">
      {Array.from({ length: JOINTS }, (_, joint) => (
        <input
          key={joint}
          aria-label={`${label}, joint ${joint + 1}`}
          aria-invalid={invalid}
          aria-describedby={describedBy}
          inputMode="decimal"
          autoComplete="off"
          placeholder={`J${joint + 1}`}
          value={cells[joint] ?? ""}
          onChange={(event) => change(joint, event.target.value)}
          className={`${INPUT} px-2`}
        />
      ))}
    </div>
  );
}

/** One pose a line. */
export function PoseListInput({
  label,
  text,
  onChange,
  invalid,
  describedBy,
}: {
  label: string;
  text: string;
  onChange: (text: string) => void;
  invalid: boolean;
  describedBy: string | undefined;
}) {
  return (
    <textarea
      aria-label={label}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      value={text}
      rows={Math.min(14, Math.max(4, text.split("\n").length + 1))}
      spellCheck={false}
      placeholder={"0, 0, 0, 0, 0, 0\n0.5, -0.3, 0, 1.2, 0, 0"}
      onChange={(event) => onChange(event.target.value)}
      className={`${INPUT} resize-y font-mono leading-6`}
    />
  );
}
