/**
 * The ready instance of the manual queue, for programs beside the server.
 *
 * It asks a running server over its HTTP API, at PR_CAPTURE_URL with ADMIN_TOKEN. A second composition of the database and of Inngest in
 * the caller's process would need all their secrets, and could not exist where the server runs on the embedded pair, whose folder belongs
 * to one process. The environment is read at the first call, not at import.
 */
import {
  createQueueClient,
  QueueApiError,
  type GapKind,
  type Priority,
  type QueueClient,
  type QueueStats,
  type RepositoryId,
} from "./client/queue-client.ts";

let client: QueueClient | undefined;

function connect(): QueueClient {
  if (client) return client;
  const adminToken = process.env["ADMIN_TOKEN"];
  if (!adminToken)
    throw new QueueApiError("ADMIN_TOKEN is not set. It has to be the pr-capture server's.", null);
  const url = process.env["PR_CAPTURE_URL"] || `http://localhost:${process.env["PORT"] || 3000}`;
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

/** What is named `queue…` returns how many captures were truly queued. Every method throws a `QueueApiError`. */
export const inngestQueueManager = {
  /** The pull requests, at most `limit`, whose files of the present head are not all captured. */
  queueMissingFileChanges: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("files", repositoryId, limit, priority),

  /** The pull requests with fewer reviews captured than GitHub counts. */
  queueMissingReviews: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("reviews", repositoryId, limit, priority),

  /** The pull requests with fewer comments captured than GitHub counts. */
  queueMissingComments: (repositoryId: RepositoryId, limit?: number, priority?: Priority) =>
    queueGaps("comments", repositoryId, limit, priority),

  /** One sync of what changed since the last one. */
  async queueRecentPRs(repositoryId: RepositoryId, priority?: Priority): Promise<number> {
    return (await connect().queueBackfill(repositoryId, { recent: true, priority })).queued;
  },

  /** How many jobs are in each state. */
  async getQueueStats(): Promise<QueueStats> {
    return connect().getStats();
  },

  /** Cancels what is pending, and returns how many that were. */
  async clearAllJobs(): Promise<number> {
    return (await connect().clearPending()).cancelled;
  },
};
