import { Fragment } from "react";
import { Dialog } from "@/ui/dialog.tsx";
import { KEY_HELP } from "./keys.ts";

/** What keys do: those of the player, or those that are given. */
export function KeyHelp({ onClose, help = KEY_HELP }: { onClose: () => void; help?: typeof KEY_HELP }) {
  return (
    <Dialog title="Keys" onClose={onClose} width="max-w-sm">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2.5">
        {help.map(({ keys, what }) => (
          <Fragment key={what}>
            <dt className="flex gap-1">
              {keys.map((key) => (
                <kbd
                  key={key}
                  className="rounded border border-edge bg-sunken px-1.5 py-0.5 font-sans text-xs"
                >
                  {key}
                </kbd>
              ))}
            </dt>
            <dd className="text-quiet">{what}</dd>
          </Fragment>
        ))}
      </dl>
      <p className="mt-4 text-xs text-faint">Keys do nothing while you type in a field.</p>
    </Dialog>
  );
}
