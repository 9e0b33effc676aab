import { cron } from "inngest";
import { pruneJobs } from "../../store/jobs.ts";
import type { CaptureDependencies } from "./capture.ts";

/** Deletes, every night, the jobs that finished longer ago than the retention. */
export function createPruneJobs({
  inngest,
  store,
  jobRetentionDays,
}: Pick<CaptureDependencies, "inngest" | "store"> & { jobRetentionDays: number }) {
  return inngest.createFunction(
    { id: "prune-jobs", retries: 3, triggers: [cron("17 3 * * *")] },
    async ({ step }) =>
      step.run("delete-finished-jobs", () =>
        pruneJobs(store, new Date(Date.now() - jobRetentionDays * 86_400_000)),
      ),
  );
}
