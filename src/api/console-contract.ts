/**
 * The contract of the console's own requests: sign-in, overview, repositories, details of jobs, pull requests, SQL and live updates. Like
 * contract.ts it runs in browsers, so it imports nothing but zod.
 *
 * All but `POST /api/session` and `POST /api/session/link` need `Authorization: Bearer` with ADMIN_TOKEN or a session's token.
 */
import { z } from "zod";
import {
  figuresSchema,
  gapSchema,
  jobSchema,
  jobStateSchema,
  toJobState,
  queueStatsSchema,
  reasonSchema,
  repositoryIdSchema,
} from "./contract.ts";

// POST /api/session: exchanges the one-time code of the link in the server's log. POST /api/session/link: logs a new link (202).

export const sessionRequestSchema = z.strictObject({ code: z.string().min(1).max(200) });
export const sessionAnswerSchema = z.object({ token: z.string(), expires_at: z.string() });

// GET /api/overview?hours=

export const overviewQuerySchema = z.object({ hours: z.coerce.number().int().min(1).max(168).default(24) });

/** One bucket of the charts. Counts are of the bucket; a bucket without anything is all zeros. */
export const activitySchema = z.object({
  /** The start of the bucket. */
  at: z.string(),
  /** Webhooks that were answered 2xx, 4xx and 5xx. */
  accepted: z.int(),
  refused: z.int(),
  failed_deliveries: z.int(),
  /** Jobs that ended. */
  completed: z.int(),
  failed: z.int(),
  /** Failed attempts that another attempt followed. */
  retried: z.int(),
  /** From a webhook's change, by GitHub's clock of whole seconds, to its row. Null without such webhooks. */
  lag_p50_ms: z.number().nullable(),
  lag_p99_ms: z.number().nullable(),
});

export const overviewSchema = z.object({
  /** `unknown`: a repository has no inventory yet. `working`: captures are on their way, and nothing is wrong. */
  status: z.enum(["in_sync", "working", "unknown", "attention"]),
  /** One sentence: everything is in sync, or what is wrong and what to do. */
  sentence: z.string(),
  /** What is wrong, worst first. `view` is where the console shows it, such as `jobs?state=failed`; null: nowhere. */
  findings: z.array(z.object({ text: z.string(), view: z.string().nullable() })),
  /** The server's time. */
  now: z.string(),
  installations: z.int(),
  repositories: z.int(),
  /** The App, once GitHub has confirmed it. `install_url` is GitHub's page that installs it. */
  app: z.object({ name: z.string(), install_url: z.string() }).nullable(),
  coverage: figuresSchema,
  jobs: queueStatsSchema,
  bucket_seconds: z.int(),
  activity: z.array(activitySchema),
  /** GitHub's rate limits, as its last answers showed them. `account` is null for GITHUB_TOKEN. */
  budgets: z.array(
    z.object({
      installation_id: z.int().nullable(),
      account: z.string().nullable(),
      resource: z.enum(["core", "graphql"]),
      limit: z.int(),
      remaining: z.int(),
      reset_at: z.string(),
      seen_at: z.string(),
    }),
  ),
  /** `succeeded_at` is null before the first success. `is_late` is true when the reconciler has missed two runs. */
  reconcilers: z.array(
    z.object({ name: z.string(), succeeded_at: z.string().nullable(), is_late: z.boolean() }),
  ),
  /** Where captures run. `dashboard` is the Inngest dashboard's address; null with the embedded engine. */
  inngest: z.object({ is: z.string(), dashboard: z.string().nullable() }),
  database: z.string(),
});

// GET /api/repositories

export const repositoryOverviewSchema = figuresSchema.extend({
  id: z.int(),
  repository: z.string().nullable(),
  private: z.boolean().nullable(),
  counted_at: z.string().nullable(),
  synced_at: z.string().nullable(),
  inventoried_at: z.string().nullable(),
  /** When its last webhook arrived. Null when no kept job shows one. */
  last_delivery_at: z.string().nullable(),
  /** Its unfinished sync, or null. */
  sync: jobSchema.nullable(),
});
export const repositoriesAnswerSchema = z.object({
  repositories: z.array(repositoryOverviewSchema),
  total: figuresSchema,
});

// GET /api/queue/jobs, /api/queue/jobs/count, POST /api/queue/replay

/** `function` is the event's name, such as `capture/pr.details`. `text` is searched in repository, number, event id and error. */
export const jobFilterSchema = z.object({
  state: z.preprocess(toJobState, jobStateSchema.optional()),
  repository: repositoryIdSchema.optional(),
  function: z.string().max(100).optional(),
  reason: reasonSchema.optional(),
  text: z.string().max(200).optional(),
  /** The key of a group of failures. */
  failure: z.string().max(100).optional(),
});

/** Newest first. `before` is the id of the last job of the previous page. */
export const jobsPageQuerySchema = jobFilterSchema.extend({
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});
export const jobCountsSchema = z.object({ total: z.int(), by_state: queueStatsSchema });

/** GET /api/queue/jobs/{id}. DELETE cancels an unfinished job: its run stores nothing more, and ends at its next step. */
export const jobDetailSchema = jobSchema.extend({
  /** The run on Inngest's dashboard; null with the embedded engine. */
  run_url: z.string().nullable(),
  /** The event's data: complete for a failed job, without `observed` for others. Null when it was not kept. */
  event: z.record(z.string(), z.unknown()).nullable(),
  /** The last 50 steps that stored something, oldest first. */
  steps: z.array(
    z.object({ name: z.string(), at: z.string(), requests: z.int(), points: z.int(), rows_written: z.int() }),
  ),
});

/** GET /api/queue/failures: failed and retrying jobs by function and error. Digits in messages do not separate groups. */
export const failureGroupSchema = z.object({
  key: z.string(),
  function: z.string(),
  error: z.string(),
  /** The message of the newest job. */
  message: z.string(),
  failed: z.int(),
  retrying: z.int(),
  first_at: z.string(),
  last_at: z.string(),
});

/**
 * Replays the failed jobs that the filter matches, at most 10,000: sends their events again. Each is cancelled, and a pending job takes its
 * place.
 */
export const replayManyRequestSchema = jobFilterSchema.omit({ state: true }).strict();
export const replayManyAnswerSchema = z.object({ replayed: z.int() });

// GET /api/pull-requests?repository=&text=&limit= : the most recently updated first

export const pullRequestsQuerySchema = z.object({
  repository: repositoryIdSchema.optional(),
  /** A number, or part of a title. */
  text: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const pullRequestSummarySchema = z.object({
  repository: z.string().nullable(),
  repository_id: z.int(),
  number: z.int(),
  title: z.string().nullable(),
  state: z.enum(["open", "closed", "merged"]).nullable(),
  draft: z.boolean().nullable(),
  author: z.string().nullable(),
  updated_at: z.string().nullable(),
});

// GET /api/pull-requests/{owner}/{name}/{number}

/** GitHub's clock of a row, when its content was stored, and the reason of that capture. Null for rows that are older than this record. */
export const provenanceSchema = z.object({
  clock: z.string().nullable(),
  captured_at: z.string().nullable(),
  captured_by: reasonSchema.nullable(),
});

export const pullRequestViewSchema = pullRequestSummarySchema.extend({
  /** The pull request's page on GitHub. */
  url: z.string().nullable(),
  /** Every captured column of github.pull_requests by its name, accounts as logins. */
  facts: z.record(z.string(), z.unknown()),
  provenance: provenanceSchema,
  files: z.array(
    z.object({
      filename: z.string(),
      status: z.string().nullable(),
      previous_filename: z.string().nullable(),
      additions: z.int().nullable(),
      deletions: z.int().nullable(),
    }),
  ),
  files_provenance: provenanceSchema,
  /** Reviews and comments in the order in which they were made. A deleted one has `deleted_at`. */
  timeline: z.array(
    z.object({
      kind: z.enum(["review", "issue_comment", "review_comment"]),
      id: z.int(),
      at: z.string(),
      author: z.string().nullable(),
      body: z.string().nullable(),
      url: z.string().nullable(),
      /** The review's state. Null for comments. */
      state: z.string().nullable(),
      /** A review comment's file, line, review, the comment that it replies to, and whether its thread is resolved. Null for others. */
      path: z.string().nullable(),
      line: z.int().nullable(),
      review_id: z.int().nullable(),
      in_reply_to_id: z.int().nullable(),
      resolved: z.boolean().nullable(),
      deleted_at: z.string().nullable(),
      provenance: provenanceSchema,
    }),
  ),
  gaps: z.array(gapSchema),
  /** The newest jobs of the pull request. */
  jobs: z.array(jobSchema),
});

/** POST /api/pull-requests/compare: reads the pull request from GitHub now. */
export const compareRequestSchema = z.strictObject({
  repository: repositoryIdSchema,
  number: z.int32().positive(),
});
export const comparisonSchema = z.object({
  compared_at: z.string(),
  requests: z.int(),
  points: z.int(),
  /** False when GitHub does not show the pull request. */
  exists: z.boolean(),
  /** `item` is, for example, `pull request`, `src/a.ts` or `review 7`. `column` is null when one side lacks the item; that side is null. */
  differences: z.array(
    z.object({ item: z.string(), column: z.string().nullable(), captured: z.unknown(), github: z.unknown() }),
  ),
  /** One sentence for each part that GitHub could not show, and that was not compared. */
  problems: z.array(z.string()),
});

// POST /api/sql, GET /api/sql/schema

export const sqlRequestSchema = z.strictObject({
  query: z.string().regex(/\S/, "must not be empty").max(50_000),
  /** The maximum number of rows to return. */
  limit: z.int().min(1).max(10_000).default(1000),
});
/** Values are text, as psql shows them; null is NULL. `truncated` is true when there are more rows. */
export const sqlAnswerSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.string().nullable())),
  truncated: z.boolean(),
  duration_ms: z.number(),
});
export const sqlSchemaAnswerSchema = z.object({
  tables: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      comment: z.string().nullable(),
      columns: z.array(z.object({ name: z.string(), type: z.string(), comment: z.string().nullable() })),
    }),
  ),
});

/**
 * GET /api/live: server-sent events. Each `change` has the jobs that changed since the last one (at most 200, newest first) and the counts. A
 * comment line every 15 seconds keeps the connection open. A host without streams answers 404, and the console polls.
 */
export const liveChangeSchema = z.object({
  at: z.string(),
  stats: queueStatsSchema,
  jobs: z.array(jobSchema),
});

export type SessionAnswer = z.output<typeof sessionAnswerSchema>;
export type Activity = z.output<typeof activitySchema>;
export type Overview = z.output<typeof overviewSchema>;
export type RepositoryOverview = z.output<typeof repositoryOverviewSchema>;
export type JobFilter = z.output<typeof jobFilterSchema>;
export type JobDetail = z.output<typeof jobDetailSchema>;
export type FailureGroup = z.output<typeof failureGroupSchema>;
export type PullRequestSummary = z.output<typeof pullRequestSummarySchema>;
export type PullRequestView = z.output<typeof pullRequestViewSchema>;
export type Comparison = z.output<typeof comparisonSchema>;
export type SqlAnswer = z.output<typeof sqlAnswerSchema>;
export type SqlSchema = z.output<typeof sqlSchemaAnswerSchema>;
export type LiveChange = z.output<typeof liveChangeSchema>;
