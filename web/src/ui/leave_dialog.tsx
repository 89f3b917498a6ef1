import type { Leaving } from "@/route/guard.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

/** Asks whether to leave what was filled in; nothing while nobody leaves. */
export function LeaveDialog({
  leaving,
  title,
  text,
  leave,
  stay,
}: {
  leaving: Leaving | null;
  title: string;
  text: string;
  leave: string;
  stay: string;
}) {
  if (!leaving) return null;
  return (
    <Dialog title={title} onClose={leaving.stay}>
      <p className="text-quiet">{text}</p>
      <div className="mt-4 flex justify-end gap-2">
        <Button look="danger" onClick={leaving.confirm}>
          {leave}
        </Button>
        <Button look="primary" onClick={leaving.stay}>
          {stay}
        </Button>
      </div>
    </Dialog>
  );
}
