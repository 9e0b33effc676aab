/** The queue manager: captures that operators and programs request. They use the same events as webhooks. */
import type {
  Analysis,
  BackfillAnswer,
  BackfillRequest,
  FixGapsRequest,
  Job,
  Priority,
  QueueStats,
  RepositoryId,
} from "../../api/contract.ts";
import type { FailureGroup, JobDetail, JobFilter } from "../../api/console-contract.ts";
import type { GitHub } from "../github/client.ts";
import { analyzeGaps } from "../store/gaps.ts";
import { listFailures } from "../store/failures.ts";
import {
  cancelJob,
  cancelPendingJobs,
  countJobs,
  findSync,
  getJob,
  getQueueStats,
  listJobs,
} from "../store/jobs.ts";
import type { Store } from "../store/store.ts";
import {
  createEvent,
  deliveriesReconcile,
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  repositoriesReconcile,
  repositorySync,
  type SendEvents,
} from "./events.ts";
import { createManualEventId } from "./events/event-ids.ts";
import { toSyncStart } from "./events/sync-start.ts";
import { lookUpRepository } from "./queue/look-up-repository.ts";
import { toGapCaptures } from "./queue/gap-captures.ts";
import { queueCaptures, type Capture } from "./queue/queue-captures.ts";
import { replayJob, replayMatching } from "./queue/replay-jobs.ts";

/** The ready instance, for programs beside the server. */
export { inngestQueueManager } from "../../queue.ts";
export { GitHubNotAskedError, NotReplayableError, UnknownRepositoryError } from "./queue/errors.ts";

/**
 * `fixGaps` and the `queue…` methods return how many captures they queued. A capture that is pending already, and a sync that is running, is
 * not queued again and not counted.
 *
 * A repository that is not in the database is looked up on GitHub. Methods throw an `UnknownRepositoryError` if GitHub does not show it, and a
 * `GitHubNotAskedError` if GitHub cannot be asked. If Inngest does not accept the events, they throw a `NotAcceptedError`, and none of these
 * captures stays pending.
 */
export interface QueueManager {
  /** Compares the rows with GitHub's inventory, of one repository or of all. Lists at most `limit` gaps. */
  analyze(repositoryId?: RepositoryId, limit?: number): Promise<Analysis>;
  /** Queues captures for the gaps, and nothing else. A repository without an inventory, or with many missing pull requests, gets one sync. */
  fixGaps(request?: FixGapsRequest): Promise<number>;
  /** Captures pull requests that lack files of their current head, at most `limit`. */
  queueMissingFileChanges(repositoryId: RepositoryId, limit?: number, priority?: Priority): Promise<number>;
  /** Captures pull requests with fewer reviews than GitHub counts, at most `limit`. */
  queueMissingReviews(repositoryId: RepositoryId, limit?: number, priority?: Priority): Promise<number>;
  /** Captures pull requests with fewer issue or review comments than GitHub counts, at most `limit`. */
  queueMissingComments(repositoryId: RepositoryId, limit?: number, priority?: Priority): Promise<number>;
  /** Syncs what changed since the last sync. The first one goes back BACKFILL_DAYS. */
  queueRecentPRs(repositoryId: RepositoryId, priority?: Priority): Promise<number>;
  /** Syncs what changed in the last `days`, or everything. Without a span, it goes back BACKFILL_DAYS. */
  queueBackfill(
    repositoryId: RepositoryId,
    span?: Pick<BackfillRequest, "days" | "all">,
    priority?: Priority,
  ): Promise<BackfillAnswer>;
  /** Captures everything of one pull request again. */
  queuePullRequest(repositoryId: RepositoryId, number: number, priority?: Priority): Promise<number>;
  /** Counts the jobs in each state. */
  getQueueStats(): Promise<QueueStats>;
  /** Lists the newest jobs that the filter matches, of those before the id `before`. */
  listJobs(options: JobFilter & { before?: number | undefined; limit: number }): Promise<Job[]>;
  /** Counts the jobs that the filter matches. */
  countJobs(filter: JobFilter): Promise<QueueStats>;
  /** Null if no job has that id. */
  getJob(id: number): Promise<JobDetail | null>;
  /** Groups failed and retrying jobs by function and error, the most frequent first. */
  listFailures(): Promise<FailureGroup[]>;
  /** Sends a failed job's event again, as a new job, and cancels the failed one. Returns the event id. Throws a `NotReplayableError`. */
  replayJob(id: number): Promise<string>;
  /** Replays the failed jobs that the filter matches, at most 10,000. Returns how many. */
  replayJobs(filter: Omit<JobFilter, "state">): Promise<number>;
  /** Cancels an unfinished job: its run stores nothing more. False if it has ended. */
  cancelJob(id: number): Promise<boolean>;
  /** Starts the reconcilers now, with a complete inventory of every repository. Returns the event ids. */
  reconcile(): Promise<string[]>;
  /** Cancels the pending jobs. Returns how many. */
  clearAllJobs(): Promise<number>;
}

export interface QueueManagerOptions {
  store: Store;
  send: SendEvents;
  github: GitHub;
  /** The value of BACKFILL_DAYS. */
  backfillDays: number;
  /** The address of a run on Inngest's dashboard; null if there is none. */
  toRunUrl: (runId: string) => string | null;
}

/** The maximum number of groups of failures to list. */
const maxFailures = 200;

const dayMs = 86_400_000;

export function createQueueManager({
  store,
  send,
  github,
  backfillDays,
  toRunUrl,
}: QueueManagerOptions): QueueManager {
  const find = (repositoryId: RepositoryId) => lookUpRepository({ store, github }, repositoryId);
  const queue = (captures: readonly Capture[]) => queueCaptures({ store, send }, captures);

  const fixGaps: QueueManager["fixGaps"] = async (request = {}) => {
    const { kinds, limit, priority = "medium" } = request;
    const repository = request.repository === undefined ? null : await find(request.repository);
    const { gaps } = await analyzeGaps(store, { repositoryId: repository?.id ?? null, kinds, limit });
    const captures: Capture[] = [];
    for (const id of new Set(gaps.map((gap) => gap.repository_id))) {
      const own = gaps.filter((gap) => gap.repository_id === id);
      captures.push(...toGapCaptures(await find(id), own, { kinds, priority }));
    }
    return queue(captures);
  };

  return {
    async analyze(repositoryId, limit) {
      const repository = repositoryId === undefined ? null : await find(repositoryId);
      return analyzeGaps(store, { repositoryId: repository?.id ?? null, limit });
    },

    fixGaps,

    queueMissingFileChanges: (repository, limit, priority) =>
      fixGaps({ repository, kinds: ["files"], limit, priority }),

    queueMissingReviews: (repository, limit, priority) =>
      fixGaps({ repository, kinds: ["reviews"], limit, priority }),

    queueMissingComments: (repository, limit, priority) =>
      fixGaps({ repository, kinds: ["comments"], limit, priority }),

    async queueRecentPRs(repositoryId, priority = "medium") {
      const repository = await find(repositoryId);
      const since = repository.synced_at ? toSyncStart(repository.synced_at) : daysAgo(backfillDays);
      return queue([{ type: repositorySync, repository, number: null, since, reason: "manual", priority }]);
    },

    async queueBackfill(repositoryId, { all = false, days = backfillDays } = {}, priority = "low") {
      const repository = await find(repositoryId);
      const since = all ? null : daysAgo(days);
      const queued = await queue([
        { type: repositorySync, repository, number: null, since, reason: "backfill", priority },
      ]);
      const sync = { event_name: repositorySync.name, repository_id: repository.id, since };
      return { queued, job: await findSync(store, sync) };
    },

    async queuePullRequest(repositoryId, number, priority = "critical") {
      const repository = await find(repositoryId);
      const types = [pullRequestDetails, pullRequestReviews, pullRequestComments];
      return queue(types.map((type) => ({ type, repository, number, reason: "manual", priority })));
    },

    getQueueStats: () => getQueueStats(store),

    listJobs: ({ before, limit, ...filter }) => listJobs(store, filter, { before, limit }),

    countJobs: (filter) => countJobs(store, filter),

    async getJob(id) {
      const job = await getJob(store, id);
      if (!job) return null;
      const { event, data, ...shown } = job;
      return { ...shown, event: event ?? data, run_url: job.run_id === null ? null : toRunUrl(job.run_id) };
    },

    listFailures: () => listFailures(store, maxFailures),

    replayJob: (id) => replayJob({ store, send }, id),

    replayJobs: (filter) => replayMatching({ store, send }, filter),

    cancelJob: (id) => cancelJob(store, id),

    async reconcile() {
      const events = [deliveriesReconcile, repositoriesReconcile].map((type) =>
        createEvent(type, createManualEventId(type.name), { reason: "manual", priority: "high" }),
      );
      await send(events);
      return events.map(({ id }) => id);
    },

    clearAllJobs: () => cancelPendingJobs(store),
  };
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * dayMs).toISOString();
}
