/** The position of a sync. Its event carries it to the next run. */
import { z } from "zod";

const moment = z.iso.datetime({ offset: true });

/** A pull request, and the head that its files belong to. `changed_files` is GitHub's count. */
const walkedPullRequest = z.object({
  id: z.string(),
  number: z.int().positive(),
  head: z.object({ head_sha: z.string(), base_ref: z.string(), changed_files: z.int() }),
});

/** A list with more pages. Its first page was read at `beganAt`. `files` counts the files read so far. */
const syncTail = walkedPullRequest.extend({
  list: z.enum(["files", "reviews", "comments", "reviewThreads"]),
  after: z.string().nullable(),
  beganAt: moment,
  files: z.int().nonnegative(),
});

/** A position in a REST listing, for `readPage`. */
const listPosition = z.object({
  offset: z.int().nonnegative(),
  pageSize: z.int().positive(),
  last: z.object({ offset: z.int().nonnegative(), id: z.int() }).nullable(),
});

/** A list of one pull request to read by REST, from this position on. */
const syncListing = walkedPullRequest.extend({
  list: z.enum(["files", "review_comments"]),
  position: listPosition,
});

/** Parts of a pull request that a sync could not read. Captures of their own read them. */
const syncLeft = z.object({
  number: z.int().positive(),
  parts: z.array(z.enum(["details", "reviews", "issue_comments", "review_comments"])),
});

/** Everything that another run needs to continue the sync, under the same job. */
export const syncPosition = z.object({
  job: z.string(),
  /** GitHub's time of the first answer. Empty before it. */
  beganAt: z.string(),
  /** The remaining stages. The first one is running. */
  stages: z.array(
    z.enum(["review-comments", "changed-inventory", "complete-inventory", "read", "absent-review-comments"]),
  ),
  /** The review comments updated since `since`, from this position on. `isComplete`: none can have been missed so far. */
  reviewComments: z.object({ since: moment.nullable(), list: listPosition, isComplete: z.boolean() }),
  /** Continues by GraphQL from `cursor`, or by REST from `list`. */
  inventory: z.object({
    by: z.enum(["graphql", "rest"]),
    cursor: z.string().nullable(),
    list: listPosition,
    pageSize: z.int().positive(),
    listed: z.int().nonnegative(),
    unreadable: z.int().nonnegative(),
  }),
  /** True after a complete inventory. */
  isInventoried: z.boolean(),
  /** GitHub's count of pull requests, and when it was read. */
  counted: z.object({ pull_requests: z.int(), counted_at: moment }).nullable(),
  /** The size of the next batch, and the numbers of batches that failed and are read again. */
  read: z.object({ batchSize: z.int().positive(), retry: z.array(z.array(z.int().positive())) }),
  done: z.int().nonnegative(),
  maxTails: z.int().positive(),
  tails: z.array(syncTail),
  listings: z.array(syncListing),
  left: z.array(syncLeft),
});

export type SyncPosition = z.output<typeof syncPosition>;
export type SyncTail = z.output<typeof syncTail>;
export type SyncLeft = z.output<typeof syncLeft>;
export type SyncListing = z.output<typeof syncListing>;
