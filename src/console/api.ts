/** The requests of the console. Their contract is in src/api. */
import type {
  Comparison,
  FailureGroup,
  JobDetail,
  JobFilter,
  Overview,
  PullRequestSummary,
  PullRequestView,
  RepositoryOverview,
  SessionAnswer,
  SqlAnswer,
  SqlSchema,
} from "../api/console-contract.ts";
import type {
  Analysis,
  BackfillAnswer,
  BackfillRequest,
  Figures,
  FixGapsRequest,
  Job,
  QueueStats,
} from "../api/contract.ts";
import { request, RequestError, send } from "./request.ts";

type Signal = AbortSignal | undefined;
type Filter = { [Name in keyof JobFilter]?: JobFilter[Name] | undefined };

/** The part of `/healthz` that the page shows. */
export interface HealthSummary {
  /** `setup`: it has no GitHub App. `starting`: it has one since a moment ago. */
  status: "ok" | "down" | "setup" | "starting";
  problems?: string[];
}

export const api = {
  /** An unhealthy server answers 503 with the same body. */
  getHealth: async (signal?: Signal): Promise<HealthSummary> => {
    const response = await send("GET", "/healthz", { signal });
    if (response.ok || response.status === 503) return (await response.json()) as HealthSummary;
    throw new RequestError(`The server answered ${response.status}.`, response.status);
  },

  /** True when the server knows the token. */
  isTokenValid: async (token: string): Promise<boolean> => {
    const { status } = await send("GET", "/api/queue/stats", { token });
    if (status === 401) return false;
    if (status < 500) return true;
    throw new RequestError(`The server answered ${status}.`, status);
  },

  exchangeCode: (code: string) => request<SessionAnswer>("POST", "/api/session", { body: { code } }),
  logNewLink: () => request<unknown>("POST", "/api/session/link"),

  getOverview: (hours: number, signal?: Signal) =>
    request<Overview>("GET", "/api/overview", { query: { hours }, signal }),

  listRepositories: (signal?: Signal) =>
    request<{ repositories: RepositoryOverview[]; total: Figures }>("GET", "/api/repositories", { signal }),
  analyze: (repository?: string | number, limit?: number, signal?: Signal) =>
    request<Analysis>("GET", "/api/analyze", { query: { repository, limit }, signal }),
  queueBackfill: (body: BackfillRequest) => request<BackfillAnswer>("POST", "/api/queue/backfill", { body }),
  fixGaps: (body: FixGapsRequest = {}) => request<{ queued: number }>("POST", "/api/queue/gaps", { body }),

  getStats: (signal?: Signal) => request<QueueStats>("GET", "/api/queue/stats", { signal }),
  listJobs: (filter: Filter, page: { before?: number | undefined; limit?: number }, signal?: Signal) =>
    request<Job[]>("GET", "/api/queue/jobs", { query: { ...filter, ...page }, signal }),
  countJobs: (filter: Filter, signal?: Signal) =>
    request<{ total: number; by_state: QueueStats }>("GET", "/api/queue/jobs/count", {
      query: { ...filter },
      signal,
    }),
  getJob: (id: number | string, signal?: Signal) =>
    request<JobDetail>("GET", `/api/queue/jobs/${encodeURIComponent(id)}`, { signal }),
  cancelJob: (id: number) => request<{ cancelled: number }>("DELETE", `/api/queue/jobs/${id}`),
  replayJob: (id: number) => request<{ event_id: string }>("POST", `/api/queue/jobs/${id}/replay`),
  listFailures: (signal?: Signal) => request<FailureGroup[]>("GET", "/api/queue/failures", { signal }),
  replayMany: (filter: Filter) =>
    request<{ replayed: number }>("POST", "/api/queue/replay", { body: filter }),
  cancelPending: () =>
    request<{ cancelled: number }>("DELETE", "/api/queue/jobs", { query: { state: "pending" } }),
  startReconcilers: () => request<{ event_ids: string[] }>("POST", "/api/queue/reconcile"),

  listPullRequests: (
    query: { repository?: string | undefined; text?: string | undefined; limit?: number },
    signal?: Signal,
  ) => request<PullRequestSummary[]>("GET", "/api/pull-requests", { query, signal }),
  getPullRequest: (repository: string, number: number, signal?: Signal) =>
    request<PullRequestView>("GET", `/api/pull-requests/${repository}/${number}`, { signal }),
  comparePullRequest: (repository: string | number, number: number) =>
    request<Comparison>("POST", "/api/pull-requests/compare", { body: { repository, number } }),
  queuePullRequest: (repository: string | number, number: number) =>
    request<{ queued: number }>("POST", "/api/queue/pull-request", { body: { repository, number } }),

  runSql: (query: string, limit?: number, signal?: Signal) =>
    request<SqlAnswer>("POST", "/api/sql", { body: { query, ...(limit && { limit }) }, signal }),
  getSqlSchema: (signal?: Signal) => request<SqlSchema>("GET", "/api/sql/schema", { signal }),
};
