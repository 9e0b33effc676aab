/**
 * The contract of the queue's HTTP API: requests, answers, and the words they share. The routes, the clients, the CLI, the queue manager and
 * the store take their types from here. It runs in browsers too, so it imports nothing but zod.
 */
import { z } from "zod";

export const reasonSchema = z.enum(["webhook", "manual", "backfill", "gap", "reconcile", "install"]);

/** Critical and high precede medium and low, and are never throttled. */
export const prioritySchema = z.enum(["critical", "high", "medium", "low"]);

export const jobStateSchema = z.enum([
  "pending",
  "processing",
  "retrying",
  "completed",
  "failed",
  "cancelled",
]);

export const gapKindSchema = z.enum(["pull_requests", "details", "files", "reviews", "comments"]);

/** GitHub's id, or "owner/name". */
export const repositoryIdSchema = z.union([
  z.int().positive(),
  z.string().regex(/^\d{1,15}$|^[\w-][\w.-]*\/(?!\.{1,2}$)[\w.-]+$/, 'must be "owner/name" or an id'),
]);

// Requests

export const analyzeQuerySchema = z.object({
  repository: repositoryIdSchema.optional(),
  /** The maximum number of gaps to list. */
  limit: z.coerce.number().int().min(0).max(100_000).default(1000),
});

/**
 * How far back a backfill goes: `days`, `all`, or `recent` for what changed since the last sync. By default it goes back BACKFILL_DAYS.
 */
export const backfillRequestSchema = z
  .strictObject({
    repository: repositoryIdSchema,
    days: z.int().min(1).max(36_500).optional(),
    all: z.boolean().optional(),
    recent: z.boolean().optional(),
    priority: prioritySchema.optional(),
  })
  .refine(({ days, all, recent }) => [days, all, recent].filter(Boolean).length <= 1, {
    path: ["days"],
    message: "choose one of days, all and recent",
  });

/** Closes at most `limit` gaps: of one repository or of all, of some kinds or of all. */
export const fixGapsRequestSchema = z.strictObject({
  repository: repositoryIdSchema.optional(),
  kinds: z.array(gapKindSchema).min(1).optional(),
  limit: z.int32().positive().optional(),
  priority: prioritySchema.optional(),
});

export const pullRequestRequestSchema = z.strictObject({
  repository: repositoryIdSchema,
  number: z.int32().positive(),
  priority: prioritySchema.optional(),
});

export const jobIdSchema = z.coerce.number().int().positive();

/** Accepts "queued", the word of an earlier queue, for "pending". */
export const toJobState = (state: unknown) => (state === "queued" ? "pending" : state);

export const cancelJobsQuerySchema = z.object({
  state: z.preprocess(toJobState, z.literal("pending")),
});

// Answers

/** `github` is GitHub's count. `percent` is 100 only when nothing differs. Both are null when GitHub's count is unknown. */
const shareSchema = z.object({
  captured: z.int(),
  github: z.int().nullable(),
  percent: z.number().nullable(),
});

/** `gaps` counts the pull requests that have a gap of each kind; for `pull_requests`, those that are missing. */
export const figuresSchema = z.object({
  pull_requests: shareSchema,
  details: shareSchema,
  files: shareSchema,
  reviews: shareSchema,
  comments: shareSchema,
  gaps: z.object({
    pull_requests: z.int(),
    details: z.int(),
    files: z.int(),
    reviews: z.int(),
    comments: z.int(),
  }),
});

/**
 * A difference between GitHub and the rows. A gap without a number is the repository's: it has no inventory (`github` is null), or GitHub
 * counts more pull requests than it lists, or fewer than there are.
 */
export const gapSchema = z.object({
  kind: gapKindSchema,
  repository_id: z.int(),
  /** owner/name; null while its new name is unknown. */
  repository: z.string().nullable(),
  number: z.int().nullable(),
  /** True when the details were never captured, so GitHub's counts are unknown too. */
  stub: z.boolean(),
  /** True when the pull request must be read again although the counts agree: an update had no webhook, or reading failed. */
  stale: z.boolean(),
  captured: z.int(),
  github: z.int().nullable(),
});

export const analysisSchema = z.object({
  repositories: z.array(
    figuresSchema.extend({
      id: z.int(),
      repository: z.string().nullable(),
      /** When GitHub last counted the pull requests. */
      counted_at: z.string().nullable(),
      /** Everything that was updated before this moment is captured, or is a gap. */
      synced_at: z.string().nullable(),
      /** When the last complete inventory began. Null: the gaps are unknown. */
      inventoried_at: z.string().nullable(),
    }),
  ),
  total: figuresSchema,
  gaps: z.array(gapSchema),
});

/** The number of jobs in each state. */
export const queueStatsSchema = z.object({
  pending: z.int(),
  processing: z.int(),
  /** Jobs whose last attempt failed, and that will be tried again. */
  retrying: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});

/** A row of `capture.jobs`, without the event. */
export const jobSchema = z.object({
  id: z.int(),
  event_id: z.string(),
  event_name: z.string(),
  repository: z.string().nullable(),
  number: z.int().nullable(),
  /** The start of a manual sync's time range. Null: all history. */
  since: z.string().nullable(),
  reason: z.string(),
  priority: prioritySchema,
  state: jobStateSchema,
  attempts: z.int(),
  requests: z.int(),
  points: z.int(),
  rows_written: z.int(),
  /**
   * The progress of a sync: it has read `done` of `total` pull requests. For a reconciler, `done` is how many redeliveries, replays, syncs or events
   * it asked for. Null for other jobs, and while unknown.
   */
  done: z.int().nullable(),
  total: z.int().nullable(),
  /** The pull requests that a sync left to captures of their own. */
  left_behind: z.array(z.int()),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  /** Why the last attempt failed. */
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().nullable() }).nullable(),
  /** When the next attempt of a retrying job is due; null: unknown. */
  next_attempt_at: z.string().nullable(),
  /** When the failed job was replayed, which cancelled it. Another job took its place. */
  replayed_at: z.string().nullable(),
});

/** `queued` counts the captures that were not pending already. */
export const queuedAnswerSchema = z.object({ queued: z.int() });

/** If a pending sync goes back as far, `queued` is 0 and `job` is that sync. */
export const backfillAnswerSchema = queuedAnswerSchema.extend({ job: jobSchema.nullable() });

export const replayAnswerSchema = z.object({ event_id: z.string() });
export const reconcileAnswerSchema = z.object({ event_ids: z.array(z.string()) });
export const cancelAnswerSchema = z.object({ cancelled: z.int() });

/** Problem details: https://www.rfc-editor.org/rfc/rfc9457 */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

/** The number of gaps of all kinds. */
export function countGaps({ gaps }: Pick<Figures, "gaps">): number {
  return gapKindSchema.options.reduce((sum, kind) => sum + gaps[kind], 0);
}

export type CaptureReason = z.output<typeof reasonSchema>;
export type Priority = z.output<typeof prioritySchema>;
export type JobState = z.output<typeof jobStateSchema>;
export type GapKind = z.output<typeof gapKindSchema>;
export type RepositoryId = z.output<typeof repositoryIdSchema>;
export type BackfillRequest = z.output<typeof backfillRequestSchema>;
export type FixGapsRequest = z.output<typeof fixGapsRequestSchema>;
export type Figures = z.output<typeof figuresSchema>;
export type Gap = z.output<typeof gapSchema>;
export type Analysis = z.output<typeof analysisSchema>;
export type QueueStats = z.output<typeof queueStatsSchema>;
export type Job = z.output<typeof jobSchema>;
export type JobError = NonNullable<Job["error"]>;
export type BackfillAnswer = z.output<typeof backfillAnswerSchema>;
export type Problem = z.output<typeof problemSchema>;
