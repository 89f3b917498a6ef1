import { useState } from "react";
import { isActive } from "@/ros/jobs.ts";
import { navigation } from "@/route/navigation.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectJobs, selectSkill } from "@/state/selectors.ts";
import { knownFraction } from "@/ui/job_text.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { UploadPanel } from "./upload_panel.tsx";
import { uploadOf } from "./upload_words.ts";

/** Opens what is to say and to do about a skill's upload; shows how far one is that is under way. */
export function UploadButton({
  skill,
  compact = false,
}: {
  skill: string;
  /** Among others: on a phone the icon has to do. */
  compact?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const name = usePanel(selectSkill(skill))?.displayName ?? skill;
  const job = usePanel((state) => uploadOf(selectJobs(state), skill));
  const active = job !== undefined && isActive(job);
  const fraction = active ? knownFraction(job) : null;
  const percent = fraction === null ? "" : ` ${Math.floor(fraction * 100)}%`;
  return (
    <>
      <Button
        icon="upload"
        title="Upload to the training server"
        className={compact ? "max-sm:px-2!" : ""}
        onClick={() => setOpen(true)}
      >
        <span className={compact ? "max-sm:sr-only" : ""}>{active ? "Uploading" : "Upload"}</span>
        {percent}
      </Button>
      {open && (
        <Dialog title={`Upload ${name}`} onClose={() => setOpen(false)}>
          <UploadPanel
            skill={skill}
            onNewRun={() => {
              setOpen(false);
              navigation.go({ tab: "training", skill, run: "new" });
            }}
          />
        </Dialog>
      )}
    </>
  );
}
