import { z } from "zod";

/** The server refused, cannot be reached, or is no pr-capture server. The message is a sentence for the person who asked. */
export class QueueApiError extends Error {
  override readonly name = "QueueApiError";
  /** The answer's status; null where there was none. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

const gapKind = z.enum(["pull_requests", "details", "files", "reviews", "comments"]);
const share = z.object({ captured: z.int(), github: z.int(), percent: z.number() });
const figures = z.object({
  pull_requests: share,
  details: share,
  files: share,
  reviews: share,
  comments: share,
  gaps: z.object({
    pull_requests: z.int(),
    details: z.int(),
    files: z.int(),
    reviews: z.int(),
    comments: z.int(),
  }),
});
const analysis = z.object({
  repositories: z.array(
    figures.extend({
      id: z.int(),
      repository: z.string().nullable(),
      counted_at: z.string().nullable(),
      synced_at: z.string().nullable(),
    }),
  ),
  total: figures,
  gaps: z.array(
    z.object({
      kind: gapKind,
      repository_id: z.int(),
      repository: z.string().nullable(),
      number: z.int().nullable(),
      captured: z.int(),
      github: z.int(),
    }),
  ),
});
const stats = z.object({
  pending: z.int(),
  processing: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});
const job = z.object({
  id: z.int(),
  event_name: z.string(),
  repository: z.string().nullable(),
  number: z.int().nullable(),
  since: z.string().nullable(),
  reason: z.string(),
  priority: z.string(),
  state: z.enum(["pending", "processing", "completed", "failed", "cancelled"]),
  attempts: z.int(),
  requests: z.int(),
  points: z.int(),
  rows_written: z.int(),
  done: z.int().nullable(),
  total: z.int().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  error: z.object({ message: z.string() }).nullable(),
});
const problem = z.object({ detail: z.string() });
const queued = z.object({ queued: z.int() });

export type GapKind = z.output<typeof gapKind>;
/** `gaps`: how many pull requests have one of each kind; of `pull_requests`, how many are missing altogether. */
export type Figures = z.output<typeof figures>;
/** A repository whose `counted_at` is null has never been counted, so that nobody knows what is missing of it. */
export type Analysis = z.output<typeof analysis>;
export type QueueStats = z.output<typeof stats>;
/** `done` of `total` pull requests, of a repository's sync. */
export type Job = z.output<typeof job>;
export type Priority = "critical" | "high" | "medium" | "low";

/** GitHub's id, or "owner/name". */
export type RepositoryId = number | string;

export interface QueueClientOptions {
  /** Where the server is, such as http://localhost:3000. */
  url: string;
  /** The server's ADMIN_TOKEN. */
  adminToken: string;
}

export type QueueClient = ReturnType<typeof createQueueClient>;

/** An analysis of a large database takes less than a second. */
const timeoutMs = 30_000;

/** The queue's HTTP API, typed; for browsers as for Node. Every method throws a `QueueApiError`. */
export function createQueueClient({ url, adminToken }: QueueClientOptions) {
  /** An answer that breaks off is none. */
  async function request(target: URL, init: RequestInit): Promise<{ response: Response; text: string }> {
    try {
      const response = await fetch(target, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      return { response, text: await response.text() };
    } catch {
      throw new QueueApiError(`Nothing answers at ${url}.`, null);
    }
  }

  async function ask<Answer>(
    schema: z.ZodType<Answer>,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: Record<string, unknown>,
  ): Promise<Answer> {
    if (!URL.canParse(path, url)) throw new QueueApiError(`${url} is not a URL.`, null);
    const { response, text } = await request(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = parseJson(text);
    if (!response.ok) {
      const detail = problem.safeParse(answer).data?.detail ?? `${url} answered ${response.status}.`;
      throw new QueueApiError(detail, response.status);
    }
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new QueueApiError(
        `What answers at ${url} is not a pr-capture server of this version.`,
        response.status,
      );
    return parsed.data;
  }

  return {
    /** What is captured of a repository, or of all, and at most `limit` of the gaps. */
    analyze: (repository?: RepositoryId, limit?: number) =>
      ask(analysis, "GET", `/api/analyze${toQuery({ repository, limit })}`),

    /** Queues a sync, unless one that is pending goes back as far: then `queued` is 0, and `job` that one. */
    queueBackfill: (
      repository: RepositoryId,
      options: { days?: number; all?: boolean; recent?: boolean; priority?: Priority | undefined } = {},
    ) =>
      ask(queued.extend({ job: job.nullable() }), "POST", "/api/queue/backfill", { repository, ...options }),

    /** Queues a capture for each gap that is not queued yet. */
    fixGaps: (
      options: {
        repository?: RepositoryId;
        kinds?: GapKind[];
        limit?: number | undefined;
        priority?: Priority | undefined;
      } = {},
    ) => ask(queued, "POST", "/api/queue/gaps", options),

    queuePullRequest: (repository: RepositoryId, number: number, priority?: Priority) =>
      ask(queued, "POST", "/api/queue/pull-request", { repository, number, priority }),

    getStats: () => ask(stats, "GET", "/api/queue/stats"),

    listJobs: (options: { state?: string | undefined; limit: number }) =>
      ask(z.array(job), "GET", `/api/queue/jobs${toQuery(options)}`),

    getJob: (id: number) => ask(job, "GET", `/api/queue/jobs/${id}`),

    replay: (id: number) => ask(z.object({ event_id: z.string() }), "POST", `/api/queue/jobs/${id}/replay`),

    /** Has GitHub's delivery log and newest updates looked at now, in captures of their own. */
    reconcile: () => ask(z.object({ event_ids: z.array(z.string()) }), "POST", "/api/queue/reconcile"),

    clearPending: () => ask(z.object({ cancelled: z.int() }), "DELETE", "/api/queue/jobs?state=queued"),
  };
}

/** Null when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toQuery(values: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size > 0 ? `?${given.toString()}` : "";
}
