import { setTimeout as wait } from "node:timers/promises";
import type { Job, QueueClient, QueueStats } from "../client/queue-client.ts";
import { countGaps, formatProgress, formatStats, plural, printable } from "./format.ts";
import { createProgressBar } from "./progress-bar.ts";

/** How often the server is asked again. */
const intervalMs = 1_000;

/** How what was watched has ended: for machines, and in a sentence that says what to do next. */
export interface Outcome {
  ok: boolean;
  answer: unknown;
  sentence: string;
}

/** Shows a sync's progress until it has ended. */
export async function watchBackfill(client: QueueClient, started: Job): Promise<Outcome> {
  const target = printable(started.repository ?? "the repository");
  const bar = createProgressBar(process.stderr);
  let job = started;
  while (job.state === "pending" || job.state === "processing") {
    bar.show({
      done: job.done ?? 0,
      total: job.done === null ? null : job.total,
      label: formatProgress(job),
    });
    await wait(intervalMs);
    job = await client.getJob(job.id);
  }
  bar.show({ done: job.done ?? 0, total: job.total, label: formatProgress(job) });
  bar.end();
  const cost = `${plural(job.requests, "request")} and ${plural(job.points, "point")}`;
  const sentences: Record<string, string> = {
    completed: `Captured ${formatProgress(job)} of ${target} with ${cost}: ${plural(job.rows_written, "row")}. See what is there with: pr-capture analyze ${target}`,
    failed: `The backfill failed: ${printable(job.error?.message ?? "no reason is known")}. Try again with: pr-capture replay ${job.id}`,
    cancelled: `The backfill was cancelled${job.error ? `: ${printable(job.error.message)}` : "."}`,
  };
  return { ok: job.state === "completed", answer: job, sentence: sentences[job.state] ?? job.state };
}

/** Shows how many of a repository's gaps are closed, until all are or nothing runs any more. */
export async function watchFix(client: QueueClient, repository: string, gaps: number): Promise<Outcome> {
  const bar = createProgressBar(process.stderr);
  for (;;) {
    // Asked before the analysis: what had ended by then is in it.
    const { pending, processing } = await client.getStats();
    const analysis = await client.analyze(repository, 0);
    const left = countGaps(analysis.total);
    const closed = Math.max(gaps - left, 0);
    bar.show({ done: closed, total: gaps, label: `${closed} of ${plural(gaps, "gap")} closed` });
    if (left > 0 && pending + processing > 0) {
      await wait(intervalMs);
      continue;
    }
    bar.end();
    const sentence =
      left === 0
        ? `All gaps of ${repository} are closed.`
        : `${plural(left, "gap")} of ${repository} ${left === 1 ? "is" : "are"} left. See what failed with: pr-capture jobs --state failed`;
    return { ok: left === 0, answer: analysis, sentence };
  }
}

/** Resolves once nothing is pending or processing. */
export async function watchStatus(client: QueueClient): Promise<QueueStats> {
  const bar = createProgressBar(process.stderr);
  let most = 0;
  for (;;) {
    const stats = await client.getStats();
    const open = stats.pending + stats.processing;
    most = Math.max(most, open);
    if (open === 0) {
      bar.end();
      return stats;
    }
    bar.show({ done: most - open, total: most, label: formatStats(stats) });
    await wait(intervalMs);
  }
}
