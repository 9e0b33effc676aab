import type { JobDetail } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Button, ConfirmButton } from "../../components/button.tsx";
import { notify } from "../../notices.ts";
import { setQuery } from "../../router.ts";
import { describeTarget, isUnfinished } from "./job-text.ts";

/** Retry a failed job, cancel an unfinished one, or go to its run. */
export function JobActions({ job, onChanged }: { job: JobDetail; onChanged: () => void }) {
  const canRetry = job.state === "failed";
  const canCancel = isUnfinished(job);
  if (!canRetry && !canCancel && job.run_url === null) return null;
  return (
    <div class="actions panel-actions">
      {canRetry && (
        <Button
          kind="primary"
          onClick={async () => {
            await retry(job);
            onChanged();
          }}
        >
          Retry
        </Button>
      )}
      {canCancel && (
        <ConfirmButton
          question={`Cancel job ${job.id}?`}
          explanation={`${describeTarget(job)} is then captured with the next webhook, or as a gap. What the job has stored stays.`}
          action="Cancel the job"
          onConfirm={async () => {
            await api.cancelJob(job.id);
            onChanged();
            notify(`Job ${job.id} is cancelled.`);
          }}
        >
          Cancel
        </ConfirmButton>
      )}
      {job.run_url !== null && (
        <a class="button" href={job.run_url} target="_blank" rel="noreferrer">
          Run on Inngest ↗
        </a>
      )}
    </div>
  );
}

/** Shows the job that takes its place. */
async function retry(job: JobDetail): Promise<void> {
  const { event_id } = await api.replayJob(job.id);
  notify(`Job ${job.id} is queued again.`, "good");
  const [next] = await api.listJobs({ text: event_id }, { limit: 1 });
  if (next) setQuery({ job: next.id });
}
