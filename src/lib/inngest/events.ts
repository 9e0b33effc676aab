/**
 * The events: they request captures, and trigger the functions.
 *
 * An event names a pull request or repository, a reason and a priority. A webhook's event has the changed object as `observed`, reduced to the
 * captured fields, so its capture needs no request to GitHub. Without `observed`, the capture asks GitHub.
 */
import { eventType } from "inngest";
import { z } from "zod";
import { prioritySchema as priority, reasonSchema as reason } from "../../api/contract.ts";
import { accountSchema } from "../records/account.ts";
import { issueCommentSchema, reviewCommentSchema } from "../records/comment.ts";
import { installationSchema } from "../records/installation.ts";
import {
  partialPullRequestSchema,
  pullRequestSchema,
  pullRequestIssueSchema,
} from "../records/pull-request.ts";
import { repositorySchema } from "../records/repository.ts";
import { reviewSchema } from "../records/review.ts";
import { text, timestamp } from "../records/values.ts";
import { syncPosition } from "./events/sync-position-schema.ts";

export const githubName = z
  .string()
  .regex(/^[\w.-]+$/, "must be a name of letters, digits, hyphens, underscores and dots");

/** The id is authoritative. Owner and name are hints, since a repository can be renamed. */
const repository = z.object({ id: z.int().positive(), owner: githubName, name: githubName });

/** Null: a public repository, read with GITHUB_TOKEN. */
const installationId = z.int().positive().nullable();

const capture = z.object({ repository, installationId, reason, priority });
const pullRequestCapture = capture.extend({ number: z.int().positive() });

/** Inngest needs one type for the input and the output of a schema. Ours normalize their input, and leave their output unchanged. */
function normalized<Schema extends z.ZodType<Record<string, unknown>>>(schema: Schema) {
  return schema as unknown as z.ZodType<z.output<Schema>, z.output<Schema>>;
}

export const pullRequestDetails = eventType("capture/pr.details", {
  schema: normalized(
    pullRequestCapture.extend({
      observed: z.object({ pull_request: pullRequestSchema }).optional(),
      /** True for a stub: the capture ends if the details are known by then. */
      unlessKnown: z.boolean().optional(),
    }),
  ),
});

export const pullRequestReviews = eventType("capture/pr.reviews", {
  schema: normalized(
    pullRequestCapture.extend({
      observed: z
        .object({
          review: reviewSchema,
          pull_request: partialPullRequestSchema,
          /** When the review was submitted, edited or dismissed. Absent: the payload does not show it. */
          changedAt: timestamp.optional(),
        })
        .optional(),
    }),
  ),
});

/** A thread consists of its comments. Whether it is resolved, at `updated_at`, is stored with the first one. */
const observedThread = z.object({
  resolved: z.boolean(),
  updated_at: z.iso.datetime({ offset: true }),
  /** True: the payload lacks the thread's time, so `updated_at` is its pull request's, which resolving a thread does not move. */
  undated: z.boolean().optional(),
  comments: z.array(reviewCommentSchema),
});

/** The lists that a capture of comments can read. Threads show which review comments are resolved; only GraphQL has them. */
export const commentLists = z.array(z.enum(["issue_comments", "review_comments", "review_threads"])).min(1);

const moment = z.iso.datetime({ offset: true });

/** When the webhook of a deletion was received: its payload has no time of the deletion. Null: the comment was not deleted. */
const deletedAt = moment.nullable();

export const pullRequestComments = eventType("capture/pr.comments", {
  schema: normalized(
    pullRequestCapture.extend({
      /** The lists to read if nothing is observed. Absent: all. */
      lists: commentLists.optional(),
      observed: z
        .discriminatedUnion("kind", [
          z.object({
            kind: z.literal("issue"),
            deletedAt,
            comment: issueCommentSchema,
            issue: pullRequestIssueSchema,
          }),
          z.object({
            kind: z.literal("review"),
            deletedAt,
            comment: reviewCommentSchema,
            pull_request: partialPullRequestSchema,
          }),
          z.object({
            kind: z.literal("thread"),
            thread: observedThread,
            pull_request: partialPullRequestSchema,
          }),
        ])
        .optional(),
    }),
  ),
});

/**
 * Captures a repository's history: the pull requests updated since `since`, or all. A sync that is too long for one run continues in another,
 * `from` its position.
 *
 * `scope` `all` (the default) reads all of them. `changed` skips those that were read since their last update and have no gap. `gaps` reads only
 * those with a gap. `inventory` also takes a complete inventory of the repository.
 */
export const repositorySync = eventType("capture/repository.sync", {
  schema: normalized(
    capture.extend({
      since: z.iso.datetime({ offset: true }).optional(),
      scope: z.enum(["all", "changed", "gaps"]).optional(),
      inventory: z.boolean().optional(),
      from: syncPosition.optional(),
    }),
  ),
});

/**
 * When GitHub answered with what the event contains. An answer is current at that moment, even if no `updated_at` moved. Absent for a payload,
 * whose clock is its object's own.
 */
const fetchedAt = moment.optional();

/** A repository as an installation's payload lists it. */
const installedRepository = z.object({
  id: z.int().positive(),
  owner: githubName,
  name: githubName,
  private: z.boolean().optional(),
});

/** The App was installed, uninstalled, suspended, or its repositories changed. `added` and `removed` are the payload's lists. */
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
      installation: installationSchema,
      added: z.array(installedRepository),
      removed: z.array(installedRepository),
      fetchedAt,
      reason,
      priority,
    }),
  ),
});

/** A repository was renamed, transferred, deleted, archived or made public or private. A transfer may move it to another installation. */
export const repositoryChanged = eventType("capture/repository.changed", {
  schema: normalized(
    capture.extend({
      deleted: z.boolean(),
      transferred: z.boolean(),
      observed: repositorySchema,
      fetchedAt,
    }),
  ),
});

/** A label or milestone. `key` is a label's node id, or a milestone's number. */
const titled = z.object({ kind: z.enum(["label", "milestone"]), key: z.string(), node_id: text.optional() });

/**
 * Labels or milestones were renamed or deleted.
 *
 * `observed` are the titles that the event contains. `title` is null for a deleted one; `seen_at` is null if the payload has no time. `toFetch`
 * are those that the capture fetches from GitHub, such as labels, whose payloads have no clock. An answer that has `previousTitle`, the name
 * before the rename, may come from a lagging replica. If that name is unknown, so may an answer without `payloadTitle`. With `all`, the payload
 * does not identify the label or milestone, so all of the repository's are compared with GitHub's list.
 */
export const titlesChanged = eventType("capture/titles.changed", {
  schema: normalized(
    capture.extend({
      observed: z.array(titled.extend({ title: text.nullable(), seen_at: timestamp.nullable() })),
      toFetch: z
        .array(
          titled.extend({ node_id: text, previousTitle: text.optional(), payloadTitle: text.optional() }),
        )
        .max(100),
      all: z.boolean().optional(),
      fetchedAt,
    }),
  ),
});

/** The account that the App is installed on has a new login. The capture asks GitHub for it, unless the event has an `answer`. */
export const accountRenamed = eventType("capture/account.renamed", {
  schema: normalized(
    z.object({
      installationId: z.int().positive(),
      former: text.optional(),
      answer: z.object({ account: accountSchema, fetchedAt: moment }).optional(),
      reason,
      priority,
    }),
  ),
});

const reconciling = z.object({ reason, priority });

/** Requests redelivery of undelivered webhooks. Looks send it when there are some, and operators at any time. */
export const deliveriesReconcile = eventType("capture/deliveries.reconcile", { schema: reconciling });

/** Compares all installations with GitHub. Looks send it when something differs, and operators at any time. */
export const repositoriesReconcile = eventType("capture/repositories.reconcile", { schema: reconciling });

/**
 * Compares one installation with GitHub, or, if null, the public repositories that GITHUB_TOKEN reads. `inventory` takes a complete inventory of
 * each repository, even if none is due.
 */
export const installationReconcile = eventType("capture/installation.reconcile", {
  schema: normalized(
    reconciling.extend({
      installationId,
      installation: installationSchema.nullable(),
      fetchedAt,
      inventory: z.boolean().optional(),
    }),
  ),
});

/** Posts an alert about the captures that failed since the last alert or look, but not after `until`. The first one starts at `since`. */
export const failuresAlert = eventType("capture/failures.alert", {
  schema: z.object({ since: moment, until: moment }),
});

/** An Inngest event to send. */
export interface CaptureEvent {
  id: string;
  name: string;
  data: Record<string, unknown>;
}

/** Creates an event. Its data is typed, not parsed. */
export function createEvent<Schema extends z.ZodType<Record<string, unknown>>>(
  type: { name: string; schema: Schema },
  id: string,
  data: z.output<Schema>,
): CaptureEvent {
  return { id, name: type.name, data };
}

/** The events whose runs have jobs. */
export const eventNamesWithJob: readonly string[] = [
  pullRequestDetails,
  pullRequestReviews,
  pullRequestComments,
  repositorySync,
  installationChanged,
  repositoryChanged,
  titlesChanged,
  accountRenamed,
  deliveriesReconcile,
  repositoriesReconcile,
  installationReconcile,
].map(({ name }) => name);

/** The events of webhooks. Their ids come from `toWebhookEventId`. */
export const webhookEventNames: readonly string[] = [
  pullRequestDetails,
  pullRequestReviews,
  pullRequestComments,
  installationChanged,
  repositoryChanged,
  titlesChanged,
  accountRenamed,
].map(({ name }) => name);

/** Sends events. Resolves when they are accepted, and rejects otherwise. */
export type SendEvents = (events: readonly CaptureEvent[]) => Promise<void>;

export type CaptureTarget = z.output<typeof capture>;
export type PullRequestTarget = z.output<typeof pullRequestCapture>;
export type CommentList = z.output<typeof commentLists>[number];
export type PullRequestDetailsData = z.output<typeof pullRequestDetails.schema>;
export type PullRequestReviewsData = z.output<typeof pullRequestReviews.schema>;
export type RepositorySyncData = z.output<typeof repositorySync.schema>;
export type InstallationChangedData = z.output<typeof installationChanged.schema>;
export type InstallationReconcileData = z.output<typeof installationReconcile.schema>;
export type RepositoryChangedData = z.output<typeof repositoryChanged.schema>;
export type TitlesChangedData = z.output<typeof titlesChanged.schema>;
export type AccountRenamedData = z.output<typeof accountRenamed.schema>;
export type PullRequestCommentsData = z.output<typeof pullRequestComments.schema>;
