/** `window.ProgressiveCapture`: the queue in the browser's console, for the one who is signed in on the page. */
/* oxlint-disable no-console -- it prints */
import type { Analysis, BackfillAnswer, Figures, QueueStats } from "../api/contract.ts";
import { ProgressiveCapture } from "../client/progressive-capture.ts";
import { api } from "./api.ts";
import { formatCount } from "./format.ts";
import { onChange } from "./live.ts";
import { notify } from "./notices.ts";
import { RequestError } from "./request.ts";
import { token } from "./session.ts";

const capture = new ProgressiveCapture({
  ...api,
  queueBackfill: (repository, options) => api.queueBackfill({ repository, ...options }),
});

const descriptions = {
  "analyze()": "compares the rows of every repository with GitHub's inventory; analyze('owner/name') of one",
  "quickFix(owner, repo)": "queues a capture for each gap of a repository",
  "backfill(owner, repo, days)": "captures the last days of a repository again",
  "status()": "counts the jobs in each state",
  "help()": "prints this table",
};

const consoleFunctions = {
  async analyze(repository?: string): Promise<Analysis> {
    requireToken();
    const analysis = await capture.analyze(repository);
    const named = analysis.repositories.map((each) => [each.repository ?? String(each.id), each] as const);
    const all = named.length > 1 ? [...named, ["total", analysis.total] as const] : named;
    console.table(Object.fromEntries(all.map(([name, figures]) => [name, toRow(figures)])));
    return analysis;
  },

  async quickFix(owner: string, repo: string): Promise<{ queued: number }> {
    requireToken();
    requireNames(owner, repo);
    const repository = `${owner}/${repo}`;
    const before = await api.countJobs({ repository });
    const answer = await capture.quickFix(owner, repo);
    console.table({ [repository]: answer });
    if (answer.queued > 0) void announceEnd(repository, before.by_state.failed);
    return answer;
  },

  async backfill(owner: string, repo: string, days?: number): Promise<BackfillAnswer> {
    requireToken();
    requireNames(owner, repo);
    const answer = await capture.backfill(owner, repo, days);
    const { queued, job } = answer;
    console.table({ [`${owner}/${repo}`]: { queued, job: job?.id, state: job?.state, since: job?.since } });
    if (job) void announceJob(`${owner}/${repo}`, job.id);
    return answer;
  },

  async status(): Promise<QueueStats> {
    requireToken();
    const stats = await capture.status();
    console.table({ jobs: stats });
    return stats;
  },

  help(): void {
    console.table(
      Object.fromEntries(
        Object.entries(descriptions).map(([name, does]) => [`ProgressiveCapture.${name}`, { does }]),
      ),
    );
  },
};

declare global {
  interface Window {
    ProgressiveCapture: typeof consoleFunctions;
  }
}

export function offerConsoleFunctions(): void {
  window.ProgressiveCapture = consoleFunctions;
}

function requireToken(): void {
  if (token.value === null) throw new RequestError("Sign in on the page first.", null);
}

function requireNames(owner: unknown, repo: unknown): void {
  if (typeof owner !== "string" || typeof repo !== "string")
    throw new TypeError('Name the repository, such as "octocat", "hello-world".');
}

function toRow({ gaps, ...figures }: Figures): Record<string, string | number> {
  const shares = (["pull_requests", "details", "files", "reviews", "comments"] as const).map((kind) => {
    const { captured, github } = figures[kind];
    return [kind, `${captured}/${github ?? "unknown"}`] as const;
  });
  const gapCount = Object.values(gaps).reduce((sum, count) => sum + count, 0);
  return { ...Object.fromEntries(shares), gaps: gapCount };
}

/** Shows a notice once the repository has no job that is under way. */
async function announceEnd(repository: string, failedBefore: number): Promise<void> {
  const failed = await follow(async () => {
    const { by_state } = await api.countJobs({ repository });
    const isIdle = by_state.pending + by_state.processing + by_state.retrying === 0;
    return isIdle ? Math.max(0, by_state.failed - failedBefore) : null;
  });
  if (failed === 0) notify(`The captures of ${repository} have finished.`, "good");
  else
    notify(
      `The captures of ${repository} have finished, and ${formatCount(failed, "job")} failed. See Jobs.`,
      "bad",
    );
}

/** Shows a notice once the job has ended. */
async function announceJob(repository: string, id: number): Promise<void> {
  const job = await follow(async () => {
    const current = await capture.job(id);
    return current.finished_at === null ? null : current;
  });
  if (job.state === "completed")
    notify(
      `The backfill of ${repository} has finished: ${formatCount(job.done ?? 0, "pull request")} read.`,
      "good",
    );
  else notify(`The backfill of ${repository} ended: ${job.error?.message ?? job.state}`, "bad");
}

/** Looks now and after each change on the server, until there is something. A failed look is repeated with the next change. */
function follow<Result>(look: () => Promise<Result | null>): Promise<Result> {
  return new Promise((resolve) => {
    const tryOnce = async () => {
      const result = await look().catch(() => null);
      if (result === null) return;
      stop();
      resolve(result);
    };
    const stop = onChange(() => void tryOnce());
    void tryOnce();
  });
}
