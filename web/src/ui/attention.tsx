/** Says which field of a form makes no sense yet, and leads there; `path` is that field's `data-field`. */
export function Attention({ path, label }: { path: string; label: string }) {
  return (
    <button
      type="button"
      onClick={() => {
        const field = document.querySelector(`[data-field="${CSS.escape(path)}"]`);
        field?.querySelector<HTMLElement>("input, textarea, select")?.focus({ preventScroll: true });
        field?.scrollIntoView({ block: "center" });
      }}
      className="mr-auto min-h-11 min-w-0 truncate text-danger underline-offset-2 hover:underline md:min-h-8"
    >
      {label} needs attention
    </button>
  );
}
