import { useId, useLayoutEffect, useRef } from "react";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";

/**
 * A modal dialog. The browser keeps the focus inside and gives it back; Escape closes. What has
 * `data-autofocus` gets the focus first.
 */
export function Dialog({
  title,
  onClose,
  children,
  width = "max-w-md",
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  width?: string;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // While it is still in the page: a dialog that has left it can't give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // React's autoFocus comes before the dialog opens, which then gives the focus to its first control.
      const wanted = dialog.querySelector<HTMLElement>("[data-autofocus]");
      wanted?.focus();
      if (wanted instanceof HTMLInputElement) wanted.select();
    }
    return () => dialog?.close();
  }, []);
  return (
    // A click outside is a convenience for the mouse; the keyboard has Escape.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
      className={`m-auto max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] ${width} rounded-xl border border-line bg-surface shadow-2xl backdrop:bg-black/40`}
    >
      <div className="flex items-center justify-between gap-4 border-b border-line py-2 pr-2 pl-4">
        <h2 id={titleId} className="text-base font-semibold">
          {title}
        </h2>
        <IconButton label="Close" icon="close" onClick={onClose} />
      </div>
      <div className="p-4">{children}</div>
    </dialog>
  );
}
