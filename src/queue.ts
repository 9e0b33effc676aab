/**
 * The ready instance of the queue manager, for programs beside the server.
 *
 * It calls a running server over HTTP, at PR_CAPTURE_URL with ADMIN_TOKEN, so a caller needs none of the server's other secrets, and can use a
 * server with the embedded database, which one process owns. The environment is read at the first call.
 */
import type { GapKind, Priority, QueueStats, RepositoryId } from "./api/contract.ts";
import { createQueueClient, QueueApiError, type QueueClient } from "./client/queue-client.ts";

let client: QueueClient | undefined;

function connect(): QueueClient {
  if (client) return client;
  const adminToken = process.env["ADMIN_TOKEN"]?.trim();
  if (!adminToken)
    throw new QueueApiError(
      "ADMIN_TOKEN is not set. It must match the pr-capture server's ADMIN_TOKEN.",
      null,
    );
  const url =
    process.env["PR_CAPTURE_URL"]?.trim() || `http://localhost:${process.env["PORT"]?.trim() || 3000}`;
  client = createQueueClient({ url, adminToken });
  return client;
}

async function queueGaps(
  kind: GapKind,
  repository: RepositoryId,
  limit?: number,
  priority?: Priority,
): Promise<number> {
  return (await connect().fixGaps({ repository, kinds: [kind], limit, priority })).queued;
}

/** The `queue…` methods return how many captures were queued; pending ones do not count. All methods throw a `QueueApiError`. */
export const inngestQueueManager = {
  /** Captures pull requests that lack files of their current head, at most `limit`. */
  queueMissingFileChanges: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("files", repositoryId, limit, priority),

  /** Captures pull requests with fewer reviews than GitHub counts, at most `limit`. */
  queueMissingReviews: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("reviews", repositoryId, limit, priority),

  /** Captures pull requests with fewer comments than GitHub counts, at most `limit`. */
  queueMissingComments: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("comments", repositoryId, limit, priority),

  /** Syncs what changed since the last sync. */
  async queueRecentPRs(repositoryId: RepositoryId, priority?: Priority): Promise<number> {
    return (await connect().queueBackfill(repositoryId, { recent: true, priority })).queued;
  },

  /** Counts the jobs in each state. */
  async getQueueStats(): Promise<QueueStats> {
    return connect().getStats();
  },

  /** Cancels the pending jobs. Returns how many. */
  async clearAllJobs(): Promise<number> {
    return (await connect().clearPending()).cancelled;
  },
};
