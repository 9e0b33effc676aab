import { randomUUID } from "node:crypto";
import type { GitHub } from "../github/client.ts";
import { findRepository as findOnGitHub } from "../github/find-repository.ts";
import { toRepository } from "../records/to-repository.ts";
import type {
  Analysis,
  FoundRepository,
  Gap,
  GapKind,
  Job,
  JobState,
  QueuedJob,
  QueueStats,
} from "../store/functions.ts";
import { analyzeGaps } from "../store/gaps.ts";
import {
  cancelPendingJobs,
  findSync,
  getJob,
  getQueueStats,
  listJobs,
  noteSent,
  queueJobs,
  unqueueJobs,
} from "../store/jobs.ts";
import { findRepository, meetRepository } from "../store/repositories.ts";
import type { Store } from "../store/store.ts";
import {
  deliveriesReconcile,
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  repositoriesReconcile,
  repositorySync,
  type CaptureEvent,
  type CapturePriority,
  type CaptureReason,
  type SendEvents,
} from "./events.ts";
import { NotAcceptedError } from "./send-events.ts";

/** The ready instance, for programs beside the server. */
export { inngestQueueManager } from "../../queue.ts";

/** GitHub's id, or "owner/name". */
export type RepositoryId = number | string;

/** Neither pr-capture nor, where it could be asked, the App on GitHub knows the repository; or it is gone. */
export class UnknownRepositoryError extends Error {
  override readonly name = "UnknownRepositoryError";

  constructor(repository: RepositoryId) {
    super(
      `pr-capture has not seen the repository ${repository}, and cannot see it on GitHub. Install the App on it, or set GITHUB_TOKEN to read a public one.`,
    );
  }
}

/** The repository is not known here, and GitHub, who may know it, could not be asked. */
export class GitHubNotAskedError extends Error {
  override readonly name = "GitHubNotAskedError";
}

/** There is no such job, or it did not fail. */
export class NotReplayableError extends Error {
  override readonly name = "NotReplayableError";
}

/** How far back a sync goes: so many days, or through everything. */
export type BackfillSpan = { days: number } | { all: true };

export interface QueuedBackfill {
  /** 1, or 0 where one that is pending or under way goes back as far. */
  queued: number;
  job: Job | null;
}

/**
 * The manual queue: captures that a person asks for, through the very events that webhooks send.
 *
 * What is named `queue…` and `fixGaps` returns how many captures were truly queued, or throws: those pending already are joined and not
 * counted, and so is a sync under way; others that have begun, and those that have ended, are queued anew. A repository that is not known is looked up on GitHub; where it cannot be seen
 * there either, an `UnknownRepositoryError` is thrown. If Inngest does not take the events, a `NotAcceptedError` is, and none of them is
 * left pending.
 */
export interface QueueManager {
  /** What is captured of a repository, or of all, and the gaps, at most so many of them. */
  analyze(repositoryId?: RepositoryId, limit?: number): Promise<Analysis>;
  /** Queues a capture for each gap, and for nothing else. Without kinds, for all kinds; `limit` is in gaps. */
  fixGaps(options?: {
    repository?: RepositoryId | undefined;
    kinds?: GapKind[] | undefined;
    limit?: number | undefined;
    priority?: CapturePriority | undefined;
  }): Promise<number>;
  /** The pull requests, at most `limit`, whose files of the present head are not all captured. */
  queueMissingFileChanges(
    repositoryId: RepositoryId,
    limit?: number,
    priority?: CapturePriority,
  ): Promise<number>;
  /** The pull requests with fewer reviews captured than GitHub counts. */
  queueMissingReviews(
    repositoryId: RepositoryId,
    limit?: number,
    priority?: CapturePriority,
  ): Promise<number>;
  /** The pull requests with fewer comments captured, of either kind, than GitHub counts. */
  queueMissingComments(
    repositoryId: RepositoryId,
    limit?: number,
    priority?: CapturePriority,
  ): Promise<number>;
  /** One sync of what changed since the last one, or in the days that an installed repository starts with. */
  queueRecentPRs(repositoryId: RepositoryId, priority?: CapturePriority): Promise<number>;
  /** One sync of what changed in so many days, or of everything; without a span, in the days that an installed repository starts with. */
  queueBackfill(
    repositoryId: RepositoryId,
    span?: BackfillSpan,
    priority?: CapturePriority,
  ): Promise<QueuedBackfill>;
  /** Captures everything of one pull request anew. */
  queuePullRequest(repositoryId: RepositoryId, number: number, priority?: CapturePriority): Promise<number>;
  /** How many jobs are in each state. */
  getQueueStats(): Promise<QueueStats>;
  /** The newest jobs. */
  listJobs(options: { state?: JobState | undefined; limit: number }): Promise<Job[]>;
  /** Null when there is none of that id. */
  getJob(id: number): Promise<Job | null>;
  /** Sends a failed job's event again, as a new job. Returns its event id. Throws a `NotReplayableError`. */
  replayJob(id: number): Promise<string>;
  /** Has the reconcilers run now: deliveries that never succeeded, and what GitHub shows otherwise than the rows. Returns the event ids. */
  reconcile(): Promise<string[]>;
  /** Cancels what is pending, and returns how many that were. */
  clearAllJobs(): Promise<number>;
}

export interface QueueManagerOptions {
  store: Store;
  send: SendEvents;
  github: GitHub;
  /** How much history an installed repository starts with. */
  backfillDays: number;
}

/** What a new capture is about: a pull request, or a repository's history back to `since`, null for all of it. */
interface Wanted {
  type: { name: string };
  repository: FoundRepository;
  number: number | null;
  since?: string | null;
  reason: CaptureReason;
  priority: CapturePriority;
}

/** So many events fit into one request to Inngest, on any plan. */
const sentAtOnce = 200;

/** What changed while the last sync was being answered is walked again. */
const overlapMs = 10 * 60_000;

const dayMs = 86_400_000;

export function createQueueManager({ store, send, github, backfillDays }: QueueManagerOptions): QueueManager {
  async function find(repositoryId: RepositoryId): Promise<FoundRepository> {
    const repository =
      (await findRepository(store, String(repositoryId))) ?? (await lookUp(String(repositoryId)));
    if (!repository) throw new UnknownRepositoryError(repositoryId);
    return repository;
  }

  /** Asks GitHub for a repository of which no webhook has told yet. */
  async function lookUp(repository: string): Promise<FoundRepository | null> {
    const [owner, name] = repository.split("/");
    if (!owner || !name) return null;
    const found = await findOnGitHub(github, owner, name).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new GitHubNotAskedError(
        `pr-capture has not seen the repository ${repository}, and GitHub could not be asked about it: ${why}`,
      );
    });
    if (!found) return null;
    const { id, owner: account, name: named } = found.repository;
    return meetRepository(
      store,
      {
        repository: { id, owner: account.login, name: named, seen_at: found.date },
        installation_id: found.installationId,
        accounts: [],
        observed_at: found.date,
        fetched_at: found.date,
      },
      toRepository(found.repository),
    );
  }

  /** Returns how many were truly sent. What could not be sent is not left behind as pending. */
  async function queue(wanted: readonly Wanted[]): Promise<number> {
    let sent = 0;
    for (let from = 0; from < wanted.length; from += sentAtOnce) {
      const captures = wanted
        .slice(from, from + sentAtOnce)
        .map((each) => ({ eventId: `manual:${randomUUID()}:${each.type.name}`, ...each }));
      const queued = new Set(await queueJobs(store, captures.map(toJob)));
      const events = captures.filter(({ eventId }) => queued.has(eventId)).map(toEvent);
      if (events.length === 0) continue;
      try {
        await send(events);
      } catch (error) {
        await unqueueJobs(store, [...queued]);
        if (!(error instanceof NotAcceptedError)) throw error;
        const before = sent === 0 ? "Nothing was queued." : `Only ${sent} captures were queued before.`;
        throw new NotAcceptedError(`${error.message} ${before}`, { cause: error });
      }
      await noteSent(store, [...queued]);
      sent += events.length;
    }
    return sent;
  }

  const fixGaps: QueueManager["fixGaps"] = async (options = {}) => {
    const { kinds, limit, priority = "medium" } = options;
    const repository = options.repository === undefined ? null : await find(options.repository);
    const { gaps } = await analyzeGaps(store, { repositoryId: repository?.id ?? null, kinds, limit });
    const repositories = new Map<number, FoundRepository>();
    for (const id of new Set(gaps.map((gap) => gap.repository_id))) repositories.set(id, await find(id));

    const wanted = new Map<string, Wanted>();
    for (const gap of gaps) {
      const target = repositories.get(gap.repository_id);
      if (!target) continue;
      for (const type of toCaptures(gap, kinds)) {
        const capture: Wanted = { type, repository: target, number: gap.number, reason: "gap", priority };
        wanted.set(`${type.name} ${gap.repository_id} ${gap.number}`, capture);
      }
    }
    return queue([...wanted.values()]);
  };

  async function queueSync(
    repository: FoundRepository,
    sync: Pick<Wanted, "reason" | "priority"> & { since: string | null },
  ): Promise<number> {
    return queue([{ type: repositorySync, repository, number: null, ...sync }]);
  }

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
      const since = repository.synced_at
        ? new Date(Date.parse(repository.synced_at) - overlapMs).toISOString()
        : daysAgo(backfillDays);
      return queueSync(repository, { since, reason: "manual", priority });
    },

    async queueBackfill(repositoryId, span = { days: backfillDays }, priority = "low") {
      const repository = await find(repositoryId);
      const since = "days" in span ? daysAgo(span.days) : null;
      const queued = await queueSync(repository, { since, reason: "backfill", priority });
      const job = await findSync(store, {
        event_name: repositorySync.name,
        repository_id: repository.id,
        since,
      });
      return { queued, job };
    },

    async queuePullRequest(repositoryId, number, priority = "critical") {
      const repository = await find(repositoryId);
      return queue(
        [pullRequestDetails, pullRequestReviews, pullRequestComments].map((type) => ({
          type,
          repository,
          number,
          reason: "manual",
          priority,
        })),
      );
    },

    getQueueStats: () => getQueueStats(store),

    listJobs: ({ state, limit }) => listJobs(store, state ?? null, limit),

    async getJob(id) {
      const found = await getJob(store, id);
      if (!found) return null;
      const { event: _, ...job } = found;
      return job;
    },

    async replayJob(id) {
      const job = await getJob(store, id);
      if (!job) throw new NotReplayableError(`There is no job ${id}.`);
      if (job.state !== "failed" || !job.event) {
        throw new NotReplayableError(`Job ${id} is ${job.state}; only a failed one can be sent again.`);
      }
      const eventId = `replay:${randomUUID()}:${job.event_name}`;
      await send([{ id: eventId, name: job.event_name, data: job.event }]);
      return eventId;
    },

    async reconcile() {
      const events = [deliveriesReconcile, repositoriesReconcile].map(({ name }) => ({
        id: `manual:${randomUUID()}:${name}`,
        name,
        data: { reason: "manual", priority: "high" },
      }));
      await send(events);
      return events.map(({ id }) => id);
    },

    clearAllJobs: () => cancelPendingJobs(store),
  };
}

/** The captures that close a gap. Of a stub nobody has asked for the reviews and comments either: all of it is captured. */
function toCaptures({ kind, stub }: Gap, kinds: readonly GapKind[] | undefined): { name: string }[] {
  switch (kind) {
    case "pull_requests":
      return [repositorySync];
    case "details":
      return [
        pullRequestDetails,
        ...(stub && (kinds?.includes("reviews") ?? true) ? [pullRequestReviews] : []),
        ...(stub && (kinds?.includes("comments") ?? true) ? [pullRequestComments] : []),
      ];
    case "files":
      return [pullRequestDetails];
    case "reviews":
      return [pullRequestReviews];
    case "comments":
      return [pullRequestComments];
  }
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * dayMs).toISOString();
}

interface Capture extends Wanted {
  eventId: string;
}

function toJob(capture: Capture): QueuedJob {
  const { eventId, type, repository, number, since = null, reason, priority } = capture;
  return {
    event_id: eventId,
    event_name: type.name,
    repository_id: repository.id,
    repository: `${repository.owner}/${repository.name}`,
    number,
    since,
    installation_id: repository.installation_id,
    reason,
    priority,
    data: toEvent(capture).data,
  };
}

function toEvent({ eventId, type, repository, number, since, reason, priority }: Capture): CaptureEvent {
  const { id, owner, name, installation_id: installationId } = repository;
  return {
    id: eventId,
    name: type.name,
    data: {
      repository: { id, owner, name },
      installationId,
      reason,
      priority,
      ...(number !== null && { number }),
      ...(since && { since }),
    },
  };
}
