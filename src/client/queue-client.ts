import { z } from "zod";
import {
  failureGroupSchema,
  jobCountsSchema,
  jobDetailSchema,
  replayManyAnswerSchema,
  type JobFilter,
} from "../api/console-contract.ts";
import {
  analysisSchema,
  backfillAnswerSchema,
  cancelAnswerSchema,
  jobSchema,
  problemSchema,
  queuedAnswerSchema,
  queueStatsSchema,
  reconcileAnswerSchema,
  replayAnswerSchema,
  type BackfillRequest,
  type FixGapsRequest,
  type Priority,
  type RepositoryId,
} from "../api/contract.ts";
import { sqlAnswerSchema } from "../api/console-contract.ts";

/** The server refused, could not be reached, or is not a pr-capture server. The message is a sentence for users. */
export class QueueApiError extends Error {
  override readonly name = "QueueApiError";
  /** The status of the answer. Null: the server did not answer. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

export interface QueueClientOptions {
  /** The server, such as http://localhost:3000. */
  url: string;
  /** The server's ADMIN_TOKEN. */
  adminToken: string;
}

export type QueueClient = ReturnType<typeof createQueueClient>;

/** An analysis of a large database takes less than a second. */
const timeoutMs = 30_000;

/** A typed client of the queue's HTTP API, for browsers and Node. Its methods throw a `QueueApiError`. */
export function createQueueClient({ url, adminToken }: QueueClientOptions) {
  async function exchange(target: URL, init: RequestInit): Promise<{ response: Response; text: string }> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      // A redirect to another origin would lose the token, and one of a POST its body.
      const response = await fetch(target, { ...init, redirect: "manual", signal });
      return { response, text: await response.text() };
    } catch {
      throw new QueueApiError(`Could not connect to ${url}.`, null);
    }
  }

  async function request<Answer>(
    schema: z.ZodType<Answer>,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: Record<string, unknown>,
  ): Promise<Answer> {
    if (!URL.canParse(path, url)) throw new QueueApiError(`${url} is not a URL.`, null);
    const { response, text } = await exchange(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (isRedirect(response))
      throw new QueueApiError(`${url} ${describeRedirect(response)}`, response.status);
    const answer = parseJson(text);
    if (!response.ok) {
      const detail = problemSchema.safeParse(answer).data?.detail ?? `${url} answered ${response.status}.`;
      throw new QueueApiError(detail, response.status);
    }
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new QueueApiError(`${url} is not a pr-capture server of this version.`, response.status);
    return parsed.data;
  }

  return {
    /** Compares the rows with GitHub's inventory, of one repository or of all. Lists at most `limit` gaps. */
    analyze: (repository?: RepositoryId, limit?: number) =>
      request(analysisSchema, "GET", `/api/analyze${toQuery({ repository, limit })}`),

    /** Queues a sync, unless a pending one goes back as far. Then `queued` is 0, and `job` is the pending one. */
    queueBackfill: (repository: RepositoryId, options: Omit<BackfillRequest, "repository"> = {}) =>
      request(backfillAnswerSchema, "POST", "/api/queue/backfill", { repository, ...options }),

    /** Queues a capture for each gap that has none pending. */
    fixGaps: (options: FixGapsRequest = {}) =>
      request(queuedAnswerSchema, "POST", "/api/queue/gaps", options),

    queuePullRequest: (repository: RepositoryId, number: number, priority?: Priority) =>
      request(queuedAnswerSchema, "POST", "/api/queue/pull-request", { repository, number, priority }),

    getStats: () => request(queueStatsSchema, "GET", "/api/queue/stats"),

    /** Lists the newest jobs that the filter matches, of those before the id `before`. */
    listJobs: (options: JobFilter & { before?: number | undefined; limit: number }) =>
      request(z.array(jobSchema), "GET", `/api/queue/jobs${toQuery(options)}`),

    countJobs: (filter: JobFilter = {}) =>
      request(jobCountsSchema, "GET", `/api/queue/jobs/count${toQuery(filter)}`),

    getJob: (id: number) => request(jobSchema, "GET", `/api/queue/jobs/${id}`),

    /** A job with its event and its steps. */
    getJobDetail: (id: number) => request(jobDetailSchema, "GET", `/api/queue/jobs/${id}`),

    /** Failed and retrying jobs by function and error. */
    listFailures: () => request(z.array(failureGroupSchema), "GET", "/api/queue/failures"),

    replay: (id: number) => request(replayAnswerSchema, "POST", `/api/queue/jobs/${id}/replay`),

    /** Replays the failed jobs that the filter matches. */
    replayMany: (filter: Omit<JobFilter, "state">) =>
      request(replayManyAnswerSchema, "POST", "/api/queue/replay", filter),

    /** Cancels an unfinished job. */
    cancelJob: (id: number) => request(cancelAnswerSchema, "DELETE", `/api/queue/jobs/${id}`),

    /** Starts the reconcilers now. */
    reconcile: () => request(reconcileAnswerSchema, "POST", "/api/queue/reconcile"),

    /** Runs one read-only query. */
    runSql: (query: string, limit: number) => request(sqlAnswerSchema, "POST", "/api/sql", { query, limit }),

    clearPending: () => request(cancelAnswerSchema, "DELETE", "/api/queue/jobs?state=pending"),
  };
}

/** Browsers show only that there is a redirect. */
export function isRedirect({ type, status }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400);
}

/** The rest of a sentence that begins with the address. */
export function describeRedirect(response: Response): string {
  const location = response.headers.get("location");
  return location !== null && URL.canParse(location)
    ? `redirects to ${new URL(location).origin}. Use that address.`
    : "redirects to another address. Use that one.";
}

/** Null when the text is not JSON. */
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
