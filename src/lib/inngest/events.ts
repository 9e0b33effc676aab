/**
 * The contract between those who ask for captures and the functions that make them.
 *
 * An event says which pull request or repository to capture, why, and how urgently. Where a webhook carried the
 * changed object, the event carries it on as `observed`, reduced to what is captured, and the capture needs no request to GitHub.
 * Without `observed` the capture asks GitHub.
 */
import { eventType } from "inngest";
import { z } from "zod";
import {
  installation,
  issueComment,
  partialPullRequest,
  pullRequest,
  pullRequestIssue,
  repository as repositoryObject,
  review,
  reviewComment,
} from "../records/github-objects.ts";

/** Why a capture was asked for. */
const reason = z.enum(["webhook", "manual", "backfill", "gap", "reconcile", "install"]);

/** Critical and high go ahead of medium and low, and are never throttled. */
const priority = z.enum(["critical", "high", "medium", "low"]);

/** The repository may be renamed meanwhile: its id is the truth, the names are a hint. */
const githubName = z.string().regex(/^[\w.-]+$/);
const repository = z.object({ id: z.int().positive(), owner: githubName, name: githubName });

/** Null: a public repository that is read with GITHUB_TOKEN. */
const installationId = z.int().positive().nullable();

const capture = z.object({ repository, installationId, reason, priority });
const pullRequestCapture = capture.extend({ number: z.int().positive() });

/** Inngest wants one type for what a schema takes and gives. Ours normalise, and leave alone what is normal already. */
function normalized<Schema extends z.ZodType<Record<string, unknown>>>(schema: Schema) {
  return schema as unknown as z.ZodType<z.output<Schema>, z.output<Schema>>;
}

export const pullRequestDetails = eventType("capture/pr.details", {
  schema: normalized(
    pullRequestCapture.extend({
      observed: z.object({ pull_request: pullRequest }).optional(),
      /** Asked for by a stub: there is nothing to do if the details have come meanwhile. */
      unlessKnown: z.boolean().optional(),
    }),
  ),
});

export const pullRequestReviews = eventType("capture/pr.reviews", {
  schema: normalized(
    pullRequestCapture.extend({
      observed: z.object({ review, pull_request: partialPullRequest }).optional(),
    }),
  ),
});

/** A thread is its comments, the first of which bears whether it is resolved, at the moment `updated_at`. */
const observedThread = z.object({
  resolved: z.boolean(),
  updated_at: z.iso.datetime({ offset: true }),
  comments: z.array(reviewComment),
});

export const pullRequestComments = eventType("capture/pr.comments", {
  schema: normalized(
    pullRequestCapture.extend({
      observed: z
        .discriminatedUnion("kind", [
          z.object({
            kind: z.literal("issue"),
            deleted: z.boolean(),
            comment: issueComment,
            issue: pullRequestIssue,
          }),
          z.object({
            kind: z.literal("review"),
            deleted: z.boolean(),
            comment: reviewComment,
            pull_request: partialPullRequest,
          }),
          z.object({ kind: z.literal("thread"), thread: observedThread, pull_request: partialPullRequest }),
        ])
        .optional(),
    }),
  ),
});

const moment = z.iso.datetime({ offset: true });

/** A pull request by its node id, and what its files belong to. `changed_files` is how many GitHub counts. */
const walkedPullRequest = z.object({
  id: z.string(),
  number: z.int().positive(),
  head: z.object({ head_sha: z.string(), base_ref: z.string(), changed_files: z.int() }),
});

/** A list that goes on beyond the page it came with, which was read at `beganAt`; `files` is how many of them have been read. */
const syncTail = walkedPullRequest.extend({
  list: z.enum(["files", "reviews", "comments", "reviewThreads"]),
  after: z.string().nullable(),
  beganAt: moment,
  files: z.int().nonnegative(),
});

/** A list of one pull request, to be read by REST from this page on. */
const syncListing = walkedPullRequest.extend({
  list: z.enum(["files", "reviewComments"]),
  page: z.int().positive(),
  beganAt: moment.nullable(),
  files: z.int().nonnegative(),
});

/** Where a sync stands: enough for another run to go on, under the same job. */
const syncPosition = z.object({
  job: z.string(),
  beganAt: moment,
  stage: z.enum(["review-comments", "pull-requests", "rest"]),
  /** What is read next: the review comments from this moment on, and of those this page; or the pull requests after this cursor. */
  cursor: z.string().nullable(),
  page: z.int().positive(),
  pageSize: z.int().positive(),
  done: z.int().nonnegative(),
  /**
   * Pull requests are walked by update time: one that is updated meanwhile jumps ahead of the walk, and is met by the next, which goes down
   * to where this one began. `until` null: to the end.
   */
  walk: z.object({
    number: z.int().positive(),
    until: moment.nullable(),
    beganAt: moment.nullable(),
    met: z.boolean(),
  }),
  /** How many pull requests GitHub has, and when it said so. */
  counted: z.object({ pull_requests: z.int(), counted_at: moment }).nullable(),
  tails: z.array(syncTail),
  listings: z.array(syncListing),
});

/**
 * Walks a repository's pull requests, newest change first, down to `since`, or all of them without it. A walk too long for one run
 * goes on in another, `from` where it stopped.
 */
export const repositorySync = eventType("capture/repository.sync", {
  schema: normalized(
    capture.extend({
      since: z.iso.datetime({ offset: true }).optional(),
      from: syncPosition.optional(),
    }),
  ),
});

/** As an installation's payloads list it. */
const installedRepository = z.object({
  id: z.int().positive(),
  owner: githubName,
  name: githubName,
  private: z.boolean(),
});

/** The App was installed, uninstalled, suspended, or given other repositories. `added` and `removed` are what the payload lists. */
export const installationChanged = eventType("capture/installation.changed", {
  schema: normalized(
    z.object({
      installationId: z.int().positive(),
      action: z.enum([
        "created",
        "deleted",
        "suspend",
        "unsuspend",
        "new_permissions_accepted",
        "added",
        "removed",
      ]),
      installation,
      added: z.array(installedRepository),
      removed: z.array(installedRepository),
      reason,
      priority,
    }),
  ),
});

/** A repository was renamed, transferred, deleted, archived or made public or private. After a transfer it may be another installation's. */
export const repositoryChanged = eventType("capture/repository.changed", {
  schema: normalized(
    capture.extend({ deleted: z.boolean(), transferred: z.boolean(), observed: repositoryObject }),
  ),
});

const reconciling = z.object({ reason, priority });

/** Deliveries that never succeeded are to be asked for again, now and not at the reconciler's time. */
export const deliveriesReconcile = eventType("capture/deliveries.reconcile", { schema: reconciling });

/** All that GitHub shows is to be held against the rows, now and not at the reconciler's time. */
export const repositoriesReconcile = eventType("capture/repositories.reconcile", { schema: reconciling });

/** What GitHub shows of one installation is to be held against the rows. Null: of the public repositories that GITHUB_TOKEN reads. */
export const installationReconcile = eventType("capture/installation.reconcile", {
  schema: normalized(reconciling.extend({ installationId, installation: installation.nullable() })),
});

/** An Inngest event, ready to be sent. */
export interface CaptureEvent {
  id: string;
  name: string;
  data: Record<string, unknown>;
}

/** The events of webhooks. The id of each is `<delivery guid>:<event name>`, and what follows where a delivery has several of one name. */
export const webhookEventNames: readonly string[] = [
  pullRequestDetails,
  pullRequestReviews,
  pullRequestComments,
  installationChanged,
  repositoryChanged,
].map(({ name }) => name);

/** Gives the events to Inngest. Resolves only when Inngest has accepted them; rejects when it has not. */
export type SendEvents = (events: readonly CaptureEvent[]) => Promise<void>;

export type CaptureReason = z.output<typeof reason>;
export type CapturePriority = z.output<typeof priority>;
export type CaptureTarget = z.output<typeof capture>;
export type PullRequestTarget = z.output<typeof pullRequestCapture>;
export type PullRequestDetailsData = z.output<typeof pullRequestDetails.schema>;
export type PullRequestReviewsData = z.output<typeof pullRequestReviews.schema>;
export type SyncPosition = z.output<typeof syncPosition>;
export type SyncTail = z.output<typeof syncTail>;
export type SyncListing = z.output<typeof syncListing>;
export type RepositorySyncData = z.output<typeof repositorySync.schema>;
export type InstallationChangedData = z.output<typeof installationChanged.schema>;
export type InstallationReconcileData = z.output<typeof installationReconcile.schema>;
export type RepositoryChangedData = z.output<typeof repositoryChanged.schema>;
export type PullRequestCommentsData = z.output<typeof pullRequestComments.schema>;
