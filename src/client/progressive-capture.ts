import {
  createQueueClient,
  type Analysis,
  type Job,
  type QueueClient,
  type QueueClientOptions,
  type QueueStats,
} from "./queue-client.ts";

/**
 * The manual queue from a browser: a console that shows what is captured and repairs it. It is bundled into a page of the server's own
 * origin, or of a proxy's before it, since the server answers no other. Whoever holds the token may queue captures, so it belongs to
 * administrators' pages. Every method throws a `QueueApiError` with a sentence to show.
 */
export class ProgressiveCapture {
  readonly #client: QueueClient;

  constructor(options: QueueClientOptions) {
    this.#client = createQueueClient(options);
  }

  /** What is captured of "owner/name", or of every repository, and the gaps. */
  analyze(repository?: string): Promise<Analysis> {
    return this.#client.analyze(repository);
  }

  /** Queues a capture for each of a repository's gaps. `queued` does not count those that were pending already. */
  quickFix(owner: string, repo: string): Promise<{ queued: number }> {
    return this.#client.fixGaps({ repository: `${owner}/${repo}` });
  }

  /** How many jobs are in each state. */
  status(): Promise<QueueStats> {
    return this.#client.getStats();
  }

  /** Queues a sync of so many days, or of as many as the server starts a repository with. `job` has its progress in `done` and `total`. */
  backfill(owner: string, repo: string, days?: number): Promise<{ queued: number; job: Job | null }> {
    return this.#client.queueBackfill(`${owner}/${repo}`, days === undefined ? {} : { days });
  }

  /** A job as it stands, to follow a backfill. */
  job(id: number): Promise<Job> {
    return this.#client.getJob(id);
  }
}
