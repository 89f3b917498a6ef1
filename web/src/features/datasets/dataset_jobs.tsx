import { useShallow } from "zustand/react/shallow";
import { isActive } from "@/ros/jobs.ts";
import { usePanel } from "@/state/panel.tsx";
import { selectJobs } from "@/state/selectors.ts";
import { JobProgress } from "@/ui/job_progress.tsx";

/** Work that changes this dataset in place. */
export function DatasetJobs({ name }: { name: string }) {
  const jobs = usePanel(
    useShallow((state) => selectJobs(state).filter((job) => isActive(job) && job.writes.includes(name))),
  );
  return jobs.map((job) => (
    <div key={job.id} className="border-b border-line bg-accent-soft/50 px-4 py-2">
      <JobProgress job={job} label={job.kind === "convert_dataset" ? "Conversion" : "Work on this dataset"} />
    </div>
  ));
}
