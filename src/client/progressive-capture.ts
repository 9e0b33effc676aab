import type { Analysis, BackfillAnswer, Job, QueueStats } from "../api/contract.ts";
import type { QueueClient } from "./queue-client.ts";

/** The requests that `ProgressiveCapture` sends: by `createQueueClient`, or by the console, which keeps its page small by not validating answers. */
export type CaptureClient = Pick<
  QueueClient,
  "analyze" | "fixGaps" | "getJob" | "getStats" | "queueBackfill"
>;

/**
 * The queue for a browser's console: it shows what is captured, and repairs it. The server's own page has it as `window.ProgressiveCapture`.
 * Another page needs a proxy in front of the server, which sends no CORS headers. The methods throw an error with a sentence to show.
 */
export class ProgressiveCapture {
  readonly #client: CaptureClient;

  constructor(client: CaptureClient) {
    this.#client = client;
  }

  /** Compares the rows of "owner/name", or of every repository, with GitHub's inventory. */
  analyze(repository?: string): Promise<Analysis> {
    return this.#client.analyze(repository);
  }

  /** Queues a capture for each gap of a repository. `queued` does not count captures that were pending already. */
  quickFix(owner: string, repo: string): Promise<{ queued: number }> {
    return this.#client.fixGaps({ repository: `${owner}/${repo}` });
  }

  /** The number of jobs in each state. */
  status(): Promise<QueueStats> {
    return this.#client.getStats();
  }

  /** Queues a sync of the last `days`, or of the server's BACKFILL_DAYS. `job` shows its progress in `done` and `total`. */
  backfill(owner: string, repo: string, days?: number): Promise<BackfillAnswer> {
    return this.#client.queueBackfill(`${owner}/${repo}`, days === undefined ? {} : { days });
  }

  /** The current state of a job, to follow a backfill. */
  job(id: number): Promise<Job> {
    return this.#client.getJob(id);
  }
}
