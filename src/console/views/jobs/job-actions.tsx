import type { JobDetail } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Button, ConfirmButton } from "../../components/button.tsx";
import { notify } from "../../notices.ts";
import { setQuery } from "../../router.ts";
import { describeTarget, isUnfinished } from "./job-text.ts";

/** The actions of a job: replay it when it failed, cancel it while it is unfinished, open its run. */
export function JobActions({ job, onChanged }: { job: JobDetail; onChanged: () => void }) {
  const canReplay = job.state === "failed";
  const canCancel = isUnfinished(job);
  if (!canReplay && !canCancel && job.run_url === null) return null;
  return (
    <div class="actions panel-actions">
      {canReplay && (
        <Button
          kind="primary"
          onClick={async () => {
            await replay(job);
            onChanged();
          }}
        >
          Replay
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

/** Replays a job, and shows the one that takes its place. */
async function replay(job: JobDetail): Promise<void> {
  const { event_id } = await api.replayJob(job.id);
  notify(`Job ${job.id} is queued again.`, "good");
  const [next] = await api.listJobs({ text: event_id }, { limit: 1 });
  if (next) setQuery({ job: next.id });
}
