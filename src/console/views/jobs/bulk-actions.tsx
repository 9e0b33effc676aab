import { api } from "../../api.ts";
import { ConfirmButton } from "../../components/button.tsx";
import { formatCount } from "../../format.ts";
import { notify } from "../../notices.ts";
import { useResource } from "../../use-resource.ts";
import type { ShownFilter } from "./job-filter.ts";

interface BulkActionsProps {
  filter: ShownFilter;
  /** How many failed jobs the filter matches, whatever its state. */
  failed: number;
  isPaused: boolean;
  onChanged: () => void;
}

/** The most that one request retries. */
const maxRetried = 10_000;

/** Retries the failed jobs in sight, and cancels all pending ones. */
export function BulkActions({ filter, failed, isPaused, onChanged }: BulkActionsProps) {
  const stats = useResource("stats", api.getStats, { isLive: !isPaused });
  const pending = stats.data?.pending ?? 0;
  const { state, ...rest } = filter;
  const retried = formatCount(Math.min(failed, maxRetried), "failed job");
  return (
    <>
      {state === "failed" && failed > 0 && (
        <ConfirmButton
          kind="primary"
          question={`Retry ${retried}?`}
          explanation="Their events are sent again. Each capture asks GitHub for what it needs, within the rate limit."
          action={`Retry ${retried}`}
          onConfirm={async () => {
            const { replayed } = await api.replayMany(rest);
            notify(`${formatCount(replayed, "job")} queued again.`, "good");
            onChanged();
          }}
        >
          Retry all failed
        </ConfirmButton>
      )}
      {pending > 0 && (
        <ConfirmButton
          question={`Cancel ${formatCount(pending, "pending job")}?`}
          explanation="All of them, whatever the filter shows. Jobs that are running go on. What is not captured then shows up as gaps."
          action="Cancel them"
          onConfirm={async () => {
            const { cancelled } = await api.cancelPending();
            notify(`${formatCount(cancelled, "job")} cancelled.`);
            stats.reload();
            onChanged();
          }}
        >
          Cancel pending
        </ConfirmButton>
      )}
    </>
  );
}
