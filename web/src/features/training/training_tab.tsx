import { Empty } from "@/ui/empty.tsx";

/** Until the package talks to a training server. */
export function TrainingTab() {
  return (
    <Empty icon="training" title="Training is not built yet">
      Uploading recordings, starting runs, following them and activating their results will be here. Nothing
      on this page works so far; skills and recordings do.
    </Empty>
  );
}
