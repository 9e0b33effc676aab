import { deliverRepositoryEvent } from "../delivery.ts";
import type { Payload } from "../webhook-delivery.ts";
import { reviewCommentJson, threadJson } from "../json/comment.ts";
import { simplePullRequestJson } from "../json/pull-request.ts";
import { reviewPayloadJson } from "../json/review.ts";
import { filesOf } from "../state.ts";
import type { Account, DiffSide, PullRequest, Review, ReviewComment, ReviewThread } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";
import { removeReviewer, touch } from "./touch-pull-request.ts";

export interface InlineComment {
  body: string;
  /** Left out: the first changed file. */
  path?: string;
  line?: number;
  startLine?: number;
  side?: DiffSide;
  subjectType?: "line" | "file";
  inReplyTo?: ReviewComment;
}

export interface ReviewOptions {
  pullRequest: PullRequest;
  author: Account;
  state?: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED";
  body?: string;
  comments?: InlineComment[];
}

/** Submits a review, with a webhook for it and for each of its comments, and ends the review request. */
export function submitReview(world: World, { state = "COMMENTED", ...options }: ReviewOptions): Review {
  return publish(world, startReview(world, options), state);
}

/** Starts a pending review. Only its author sees it, so it is in no list, count or webhook. */
export function startReview(
  world: World,
  { pullRequest, author, body = "", comments = [] }: Omit<ReviewOptions, "state">,
): Review {
  const now = currentTimestamp(world);
  const review: Review = {
    kind: "review",
    id: nextId(world, "review"),
    pullRequest,
    author,
    state: "PENDING",
    body,
    commitId: pullRequest.head.sha,
    comments: [],
    createdAt: now,
    submittedAt: null,
    updatedAt: now,
    lastEditedAt: null,
  };
  pullRequest.reviews.push(review);
  world.state.reviews.set(review.id, review);
  for (const comment of comments) addComment(world, review, comment);
  return review;
}

export function addPendingComment(world: World, review: Review, comment: InlineComment): ReviewComment {
  if (review.state !== "PENDING") throw new Error("The review is already submitted.");
  return addComment(world, review, comment);
}

export function submitPendingReview(
  world: World,
  review: Review,
  { state = "COMMENTED", body }: Pick<ReviewOptions, "state" | "body"> = {},
): Review {
  if (review.state !== "PENDING") throw new Error("The review is already submitted.");
  if (body !== undefined) review.body = body;
  return publish(world, review, state);
}

export function editReview(world: World, review: Review, body: string, by: Account = review.author): void {
  const from = review.body;
  review.body = body;
  review.updatedAt = currentTimestamp(world);
  review.lastEditedAt = review.updatedAt;
  if (review.state === "PENDING") return;
  if (world.reviewEdits === "touch") touch(world, review.pullRequest);
  deliverReview(world, review, "edited", by, { changes: { body: { from } } });
}

export function dismissReview(world: World, review: Review, by: Account = review.pullRequest.author): void {
  if (review.state === "PENDING") throw new Error("A pending review cannot be dismissed.");
  review.state = "DISMISSED";
  review.updatedAt = touch(world, review.pullRequest);
  deliverReview(world, review, "dismissed", by);
}

/** Creates a single comment, or a reply in a thread. GitHub creates a review for it and sends webhooks for both. */
export function createReviewComment(
  world: World,
  { pullRequest, author, ...comment }: InlineComment & { pullRequest: PullRequest; author: Account },
): ReviewComment {
  const review = startReview(world, { pullRequest, author, comments: [comment] });
  publish(world, review, "COMMENTED");
  const [created] = review.comments;
  if (created === undefined) throw new Error("The review has no comment.");
  return created;
}

export function editReviewComment(
  world: World,
  comment: ReviewComment,
  body: string,
  by: Account = comment.author,
): void {
  const from = comment.body;
  comment.body = body;
  comment.updatedAt = currentTimestamp(world);
  comment.lastEditedAt = comment.updatedAt;
  if (comment.review.state === "PENDING") return;
  touch(world, comment.pullRequest);
  deliverComment(world, comment, "edited", by, { changes: { body: { from } } });
}

/** Deletes a comment. Replies stay and still name it, an empty thread is removed, and the pull request's `updatedAt` stays. */
export function deleteReviewComment(
  world: World,
  comment: ReviewComment,
  by: Account = comment.author,
): void {
  const { pullRequest, review, thread } = comment;
  review.comments = review.comments.filter((other) => other !== comment);
  thread.comments = thread.comments.filter((other) => other !== comment);
  world.state.reviewComments.delete(comment.id);
  if (thread.comments.length === 0) {
    pullRequest.threads = pullRequest.threads.filter((other) => other !== thread);
    world.state.threads.delete(thread.id);
  }
  if (review.state === "PENDING") return;
  deliverComment(world, comment, "deleted", by);
}

/** Resolves a thread, which changes its `updatedAt` but not the pull request's. */
export function resolveThread(
  world: World,
  thread: ReviewThread,
  by: Account = thread.pullRequest.author,
): void {
  thread.resolvedBy = by;
  deliverThread(world, thread, "resolved", by);
}

export function unresolveThread(
  world: World,
  thread: ReviewThread,
  by: Account = thread.pullRequest.author,
): void {
  thread.resolvedBy = null;
  deliverThread(world, thread, "unresolved", by);
}

/** Submits a pending review. Its comments keep their `createdAt`, and submitting them is their first update. */
function publish(
  world: World,
  review: Review,
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED",
): Review {
  const now = touch(world, review.pullRequest);
  Object.assign(review, { state, submittedAt: now, updatedAt: now });
  for (const comment of review.comments) comment.updatedAt = now;
  removeReviewer(review.pullRequest, review.author);
  deliverReview(world, review, "submitted", review.author);
  for (const comment of review.comments) deliverComment(world, comment, "created", review.author);
  return review;
}

function addComment(world: World, review: Review, options: InlineComment): ReviewComment {
  const { pullRequest } = review;
  const first = options.inReplyTo?.inReplyTo ?? options.inReplyTo ?? null;
  const path = first?.path ?? options.path ?? filesOf(pullRequest)[0]?.filename ?? "README.md";
  const patch = filesOf(pullRequest).find(({ filename }) => filename === path)?.patch ?? "@@ -1 +1 @@";
  const line = first?.line ?? options.line ?? 1;
  const startLine = first ? first.startLine : (options.startLine ?? null);
  const side = first?.side ?? options.side ?? "RIGHT";
  const now = currentTimestamp(world);
  const thread = options.inReplyTo?.thread ?? newThread(world, pullRequest);
  const comment: ReviewComment = {
    kind: "review_comment",
    id: nextId(world, "review_comment"),
    pullRequest,
    review,
    thread,
    author: review.author,
    body: options.body,
    path,
    diffHunk: first?.diffHunk ?? patch.split("\n").slice(0, 4).join("\n"),
    subjectType: first?.subjectType ?? options.subjectType ?? "line",
    side,
    startSide: startLine === null ? null : side,
    line,
    startLine,
    position: line,
    originalLine: first?.originalLine ?? line,
    originalStartLine: first ? first.originalStartLine : startLine,
    originalPosition: first?.originalPosition ?? line,
    commitId: pullRequest.head.sha,
    originalCommitId: first?.originalCommitId ?? pullRequest.head.sha,
    inReplyTo: first,
    createdAt: now,
    updatedAt: now,
    lastEditedAt: null,
  };
  if (first && first.position === null)
    Object.assign(comment, { line: null, startLine: null, position: null, commitId: first.commitId });
  review.comments.push(comment);
  thread.comments.push(comment);
  world.state.reviewComments.set(comment.id, comment);
  return comment;
}

function newThread(world: World, pullRequest: PullRequest): ReviewThread {
  const id = nextId(world, "thread");
  const thread: ReviewThread = {
    kind: "thread",
    id,
    pullRequest,
    comments: [],
    resolvedBy: null,
    updatedAt: currentTimestamp(world),
  };
  pullRequest.threads.push(thread);
  world.state.threads.set(id, thread);
  return thread;
}

function deliverReview(
  world: World,
  review: Review,
  action: string,
  by: Account,
  content: Record<string, unknown> = {},
): void {
  if (!world.delivering) return;
  deliver(world, "pull_request_review", review.pullRequest, by, {
    action,
    review: reviewPayloadJson(world, review),
    ...content,
  });
}

function deliverComment(
  world: World,
  comment: ReviewComment,
  action: string,
  by: Account,
  content: Record<string, unknown> = {},
): void {
  if (!world.delivering) return;
  deliver(world, "pull_request_review_comment", comment.pullRequest, by, {
    action,
    comment: reviewCommentJson(world, comment),
    ...content,
  });
}

function deliverThread(world: World, thread: ReviewThread, action: string, by: Account): void {
  thread.updatedAt = currentTimestamp(world);
  if (!world.delivering) return;
  const updated = world.payloads === "current" && { updated_at: thread.updatedAt };
  deliver(world, "pull_request_review_thread", thread.pullRequest, by, {
    action,
    thread: threadJson(world, thread),
    ...updated,
  });
}

function deliver(world: World, name: string, pullRequest: PullRequest, by: Account, content: Payload): void {
  deliverRepositoryEvent(world, name, pullRequest.repository, by, {
    ...content,
    pull_request: simplePullRequestJson(world, pullRequest),
  });
}
