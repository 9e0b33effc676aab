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

/** The maximum number of jobs that one request replays. */
const maxReplayed = 10_000;

/** Replays the failed jobs that the filter matches, and cancels all pending ones. */
export function BulkActions({ filter, failed, isPaused, onChanged }: BulkActionsProps) {
  const stats = useResource("stats", api.getStats, { isLive: !isPaused });
  const pending = stats.data?.pending ?? 0;
  const { state, ...rest } = filter;
  const jobs = formatCount(Math.min(failed, maxReplayed), "failed job");
  return (
    <>
      {state === "failed" && failed > 0 && (
        <ConfirmButton
          kind="primary"
          question={`Replay ${jobs}?`}
          explanation="Their events are sent again. Each capture asks GitHub for what it needs, within the rate limit."
          action={`Replay ${jobs}`}
          onConfirm={async () => {
            const { replayed } = await api.replayMany(rest);
            notify(`${formatCount(replayed, "job")} queued again.`, "good");
            onChanged();
          }}
        >
          Replay all failed
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
