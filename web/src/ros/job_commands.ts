/** Starting and steering long work. */
import type { Ask } from "./ask.ts";
import type { Job } from "./jobs.ts";
import { readJob } from "./jobs.ts";
import { text } from "./wire.ts";

export interface JobCommands {
  /** Queues a job and answers at once with its id; its progress comes with the list of jobs. */
  startJob(kind: string, args: object): Promise<string>;
  cancelJob(id: string): Promise<Job>;
  pauseJob(id: string, paused: boolean): Promise<Job>;
}

export function jobCommands(ask: Ask): JobCommands {
  return {
    async startJob(kind, args) {
      return text((await ask("start_job", { kind, arguments_json: JSON.stringify(args) }))["job_id"]);
    },
    async cancelJob(id) {
      return readJob((await ask("cancel_job", { job_id: id }))["job"]);
    },
    async pauseJob(id, paused) {
      return readJob((await ask("pause_job", { job_id: id, paused }))["job"]);
    },
  };
}
