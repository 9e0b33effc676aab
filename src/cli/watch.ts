import { stripVTControlCharacters } from "node:util";
import { countGaps, type Job, type QueueStats } from "../api/contract.ts";
import type { QueueClient } from "../client/queue-client.ts";
import { follow, type FollowOptions } from "./follow.ts";
import { formatLeftBehind, formatProgress, formatStats, plural } from "./format.ts";
import type { Progress } from "./progress-bar.ts";
import { printable } from "./terminal.ts";

/** The outcome of watched work. `answer` is for --json; `sentence` says what to do next. */
export interface FollowOutcome {
  ok: boolean;
  answer: unknown;
  sentence: string;
}

/** Shows a sync's progress until it ends. */
export async function watchBackfill(
  client: QueueClient,
  started: Job,
  options?: FollowOptions,
): Promise<FollowOutcome> {
  const target = printable(started.repository ?? "the repository");
  const job = await follow(
    {
      ask: () => client.getJob(started.id),
      toProgress: toSyncProgress,
      hasEnded: ({ state }) => !isOpen(state),
    },
    options,
  );
  const cost = `${plural(job.requests, "request")} and ${plural(job.points, "point")}`;
  const left = formatLeftBehind(job);
  const sentences: Record<string, string> = {
    completed: `Captured ${formatProgress(job)} of ${target} with ${cost}: ${plural(job.rows_written, "row")}. ${left ? `${left} ` : ""}Inspect it with: npx pr-capture analyze ${target}`,
    failed: `The backfill failed: ${toSentence(job.error)} Try again with: npx pr-capture replay ${job.id}`,
    cancelled: `The backfill was cancelled${job.error ? `: ${printable(job.error.message)}` : "."}`,
  };
  return { ok: job.state === "completed", answer: job, sentence: sentences[job.state] ?? job.state };
}

/** The bar is full at the end, even if GitHub counted more pull requests at the start. */
function toSyncProgress(job: Job): Progress {
  const done = job.done ?? 0;
  const total = job.state === "completed" ? done : job.done === null ? null : job.total;
  return { done, total, label: formatProgress(job) };
}

/** Shows the captures of one pull request until all have ended. They are those that are unfinished, or newer than the job `after`. */
export async function watchCapture(
  client: QueueClient,
  { repository, number, after }: { repository: string; number: number; after: number },
  options?: FollowOptions,
): Promise<FollowOutcome> {
  const find = async () => {
    const jobs = await client.listJobs({ repository, text: `#${number}`, limit: 100 });
    return jobs.filter((job) => job.number === number && (job.id > after || isOpen(job.state)));
  };
  const jobs = await followJobs(client, find, options);
  return describeJobs(jobs, `${printable(repository)}#${number}`);
}

/** Shows what becomes of an acknowledged delivery, until its captures have ended. */
export async function watchDelivery(
  client: QueueClient,
  deliveryId: string,
  options?: FollowOptions,
): Promise<FollowOutcome> {
  const find = () => client.listJobs({ text: deliveryId, limit: 100 });
  const jobs = await followJobs(client, find, { ...options, waitForFirst: true });
  const [first] = jobs;
  return describeJobs(jobs, printable(`${first?.repository ?? ""}#${first?.number ?? ""}`));
}

/** Follows the jobs that `find` lists until all have ended. With `waitForFirst`, waits until there is one. */
async function followJobs(
  client: QueueClient,
  find: () => Promise<Job[]>,
  { waitForFirst = false, ...options }: FollowOptions & { waitForFirst?: boolean } = {},
): Promise<Job[]> {
  const followed = new Map<number, Job>();
  return follow(
    {
      ask: async () => {
        for (const job of await find()) followed.set(job.id, job);
        for (const { id, state } of followed.values())
          if (isOpen(state)) followed.set(id, await client.getJob(id));
        return [...followed.values()];
      },
      toProgress: (now) => {
        const done = now.filter(({ state }) => !isOpen(state)).length;
        const label =
          now.length === 0
            ? "waiting for a run to begin"
            : `${done} of ${plural(now.length, "capture")} ended`;
        return { done, total: now.length || null, label };
      },
      hasEnded: (now) => (now.length > 0 || !waitForFirst) && now.every(({ state }) => !isOpen(state)),
    },
    options,
  );
}

function describeJobs(jobs: readonly Job[], target: string): FollowOutcome {
  const total = (value: (job: Job) => number) => jobs.reduce((sum, job) => sum + value(job), 0);
  const troubled = jobs.filter(({ state }) => state !== "completed");
  const sentences = troubled.map(({ id, event_name, state, error }) =>
    state === "failed"
      ? `${event_name} of ${target} failed: ${toSentence(error)} Try again with: npx pr-capture replay ${id}`
      : `${event_name} of ${target} was cancelled.`,
  );
  const requests = plural(
    total((job) => job.requests),
    "request",
  );
  const rows = plural(
    total((job) => job.rows_written),
    "row",
  );
  return {
    ok: troubled.length === 0,
    answer: jobs,
    sentence:
      troubled.length > 0
        ? sentences.join("\n")
        : `Captured ${target} with ${requests} to GitHub; ${rows} changed.`,
  };
}

function toSentence(error: Job["error"]): string {
  return printable(error?.message ?? "unknown reason").replace(/[^.!?]$/, "$&.");
}

/** Shows how many gaps of a repository are closed, until all are, or nothing runs any more. */
export async function watchFix(
  client: QueueClient,
  repository: string,
  gaps: number,
  options?: FollowOptions,
): Promise<FollowOutcome> {
  const { analysis, left } = await follow(
    {
      ask: async () => {
        // Before the analysis, so that it includes everything that ended by now.
        const open = countOpen(await client.getStats());
        const answer = await client.analyze(repository, 0);
        return { open, analysis: answer, left: countGaps(answer.total) };
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
      : `${plural(left, "gap")} of ${repository} ${left === 1 ? "is" : "are"} left. See what failed with: npx pr-capture jobs --state failed`;
  return { ok: left === 0, answer: analysis, sentence };
}

/** Resolves when nothing is pending, processing or retrying. */
export async function watchStatus(
  client: QueueClient,
  first: QueueStats,
  options?: FollowOptions,
): Promise<QueueStats> {
  let most = countOpen(first);
  return follow(
    {
      ask: () => client.getStats(),
      toProgress: (stats) => {
        most = Math.max(most, countOpen(stats));
        return {
          done: most - countOpen(stats),
          total: most,
          label: stripVTControlCharacters(formatStats(stats)),
        };
      },
      hasEnded: (stats) => countOpen(stats) === 0,
    },
    options,
  );
}

const openStates = ["pending", "processing", "retrying"] as const satisfies Job["state"][];

function isOpen(state: Job["state"]): boolean {
  return openStates.some((open) => open === state);
}

function countOpen(stats: QueueStats): number {
  return openStates.reduce((sum, state) => sum + stats[state], 0);
}
