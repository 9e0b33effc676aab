import type { Job, QueueClient, QueueStats } from "../client/queue-client.ts";
import { follow, type FollowOptions } from "./follow.ts";
import { countGaps, formatProgress, formatStats, plural, printable } from "./format.ts";
import type { Progress } from "./progress-bar.ts";

/** How what was watched has ended: for machines, and in a sentence that says what to do next. */
export interface Outcome {
  ok: boolean;
  answer: unknown;
  sentence: string;
}

/** Shows a sync's progress until it has ended. */
export async function watchBackfill(
  client: QueueClient,
  started: Job,
  options?: FollowOptions,
): Promise<Outcome> {
  const target = printable(started.repository ?? "the repository");
  const job = await follow(
    {
      ask: () => client.getJob(started.id),
      toProgress: toSyncProgress,
      hasEnded: ({ state }) => state !== "pending" && state !== "processing",
    },
    options,
  );
  const cost = `${plural(job.requests, "request")} and ${plural(job.points, "point")}`;
  const sentences: Record<string, string> = {
    completed: `Captured ${formatProgress(job)} of ${target} with ${cost}: ${plural(job.rows_written, "row")}. See what is there with: npm run capture -- analyze ${target}`,
    failed: `The backfill failed: ${printable(job.error?.message ?? "no reason is known")}. Try again with: npm run capture -- replay ${job.id}`,
    cancelled: `The backfill was cancelled${job.error ? `: ${printable(job.error.message)}` : "."}`,
  };
  return { ok: job.state === "completed", answer: job, sentence: sentences[job.state] ?? job.state };
}

/** Full at the end, whatever was counted at the beginning. */
function toSyncProgress(job: Job): Progress {
  const done = job.done ?? 0;
  const total = job.state === "completed" ? done : job.done === null ? null : job.total;
  return { done, total, label: formatProgress(job) };
}

/** Shows how many of a repository's gaps are closed, until all are or nothing runs any more. */
export async function watchFix(
  client: QueueClient,
  repository: string,
  gaps: number,
  options?: FollowOptions,
): Promise<Outcome> {
  const { analysis, left } = await follow(
    {
      ask: async () => {
        // Asked before the analysis: what had ended by then is in it.
        const { pending, processing } = await client.getStats();
        const answer = await client.analyze(repository, 0);
        return { open: pending + processing, analysis: answer, left: countGaps(answer.total) };
      },
      toProgress: (now) => {
        const closed = Math.max(gaps - now.left, 0);
        return { done: closed, total: gaps, label: `${closed} of ${plural(gaps, "gap")} closed` };
      },
      hasEnded: (now) => now.left === 0 || now.open === 0,
    },
    options,
  );
  const sentence =
    left === 0
      ? `All gaps of ${repository} are closed.`
      : `${plural(left, "gap")} of ${repository} ${left === 1 ? "is" : "are"} left. See what failed with: npm run capture -- jobs --state failed`;
  return { ok: left === 0, answer: analysis, sentence };
}

/** Resolves once nothing is pending or processing any more. */
export async function watchStatus(
  client: QueueClient,
  begun: QueueStats,
  options?: FollowOptions,
): Promise<QueueStats> {
  let most = countOpen(begun);
  return follow(
    {
      ask: () => client.getStats(),
      toProgress: (stats) => {
        most = Math.max(most, countOpen(stats));
        return { done: most - countOpen(stats), total: most, label: formatStats(stats) };
      },
      hasEnded: (stats) => countOpen(stats) === 0,
    },
    options,
  );
}

function countOpen({ pending, processing }: QueueStats): number {
  return pending + processing;
}
