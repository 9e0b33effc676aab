import { associationOf } from "../json/account.ts";
import { issueCommentHtmlUrl, reviewCommentHtmlUrl } from "../json/comment.ts";
import { reviewHtmlUrl } from "../json/review.ts";
import { toNodeId } from "../node-id.ts";
import type { IssueComment, Review, ReviewComment, ReviewThread } from "../state.ts";
import { actor } from "./account-fields.ts";
import { connect } from "./connection.ts";
import type { FieldsOf, Resolver } from "./resolver.ts";

interface Written {
  id: number;
  body: string;
  createdAt: string;
  updatedAt: string;
  lastEditedAt: string | null;
}

const common: Record<string, Resolver<Written>> = {
  databaseId: ({ id }) => id,
  fullDatabaseId: ({ id }) => String(id),
  body: ({ body }) => body,
  bodyText: ({ body }) => body,
  createdAt: ({ createdAt }) => createdAt,
  updatedAt: ({ updatedAt }) => updatedAt,
  lastEditedAt: ({ lastEditedAt }) => lastEditedAt,
  includesCreatedEdit: ({ lastEditedAt }) => lastEditedAt !== null,
  isMinimized: () => false,
  minimizedReason: () => null,
};

export const reviewFields = {
  PullRequestReview: {
    ...common,
    id: ({ id }) => toNodeId("PullRequestReview", id),
    author: ({ author }) => actor(author),
    authorAssociation: ({ author, pullRequest }) => associationOf(author, pullRequest.repository),
    state: ({ state }) => state,
    submittedAt: ({ submittedAt }) => submittedAt,
    publishedAt: ({ submittedAt }) => submittedAt,
    commit: ({ commitId }) => ({ oid: commitId }),
    pullRequest: ({ pullRequest }) => pullRequest,
    repository: ({ pullRequest }) => pullRequest.repository,
    url: (review, _args, { world }) => reviewHtmlUrl(world, review),
    comments: ({ comments }, args) => connect(comments, args, ({ id }) => [id]),
  } satisfies FieldsOf<Review>,
  PullRequestReviewThread: {
    id: ({ id }) => toNodeId("PullRequestReviewThread", id),
    isResolved: ({ resolvedBy }) => resolvedBy !== null,
    isCollapsed: ({ resolvedBy }) => resolvedBy !== null,
    isOutdated: ({ comments }) => comments[0]?.position === null,
    resolvedBy: ({ resolvedBy }) => actor(resolvedBy),
    path: ({ comments }) => comments[0]?.path,
    line: ({ comments }) => comments[0]?.line,
    startLine: ({ comments }) => comments[0]?.startLine,
    originalLine: ({ comments }) => comments[0]?.originalLine,
    originalStartLine: ({ comments }) => comments[0]?.originalStartLine,
    diffSide: ({ comments }) => comments[0]?.side,
    startDiffSide: ({ comments }) => comments[0]?.startSide,
    subjectType: ({ comments }) => comments[0]?.subjectType.toUpperCase(),
    pullRequest: ({ pullRequest }) => pullRequest,
    repository: ({ pullRequest }) => pullRequest.repository,
    comments: ({ comments }, args) =>
      connect(
        comments.filter(({ review }) => review.state !== "PENDING"),
        args,
        ({ id }) => [id],
      ),
  } satisfies FieldsOf<ReviewThread>,
  PullRequestReviewComment: {
    ...common,
    id: ({ id }) => toNodeId("PullRequestReviewComment", id),
    author: ({ author }) => actor(author),
    authorAssociation: ({ author, pullRequest }) => associationOf(author, pullRequest.repository),
    state: ({ review }) => (review.state === "PENDING" ? "PENDING" : "SUBMITTED"),
    draftedAt: ({ createdAt }) => createdAt,
    publishedAt: ({ review }) => review.submittedAt,
    path: ({ path }) => path,
    diffHunk: ({ diffHunk }) => diffHunk,
    line: ({ line }) => line,
    startLine: ({ startLine }) => startLine,
    originalLine: ({ originalLine }) => originalLine,
    originalStartLine: ({ originalStartLine }) => originalStartLine,
    position: ({ position }) => position,
    originalPosition: ({ originalPosition }) => originalPosition,
    outdated: ({ position }) => position === null,
    subjectType: ({ subjectType }) => subjectType.toUpperCase(),
    commit: ({ commitId }) => ({ oid: commitId }),
    originalCommit: ({ originalCommitId }) => ({ oid: originalCommitId }),
    replyTo: ({ inReplyTo }) => inReplyTo,
    pullRequestReview: ({ review }) => review,
    pullRequest: ({ pullRequest }) => pullRequest,
    repository: ({ pullRequest }) => pullRequest.repository,
    url: (comment, _args, { world }) => reviewCommentHtmlUrl(world, comment),
  } satisfies FieldsOf<ReviewComment>,
  IssueComment: {
    ...common,
    id: ({ id }) => toNodeId("IssueComment", id),
    author: ({ author }) => actor(author),
    authorAssociation: ({ author, discussion }) => associationOf(author, discussion.repository),
    publishedAt: ({ createdAt }) => createdAt,
    issue: ({ discussion }) => discussion,
    pullRequest: ({ discussion }) => (discussion.kind === "pull_request" ? discussion : null),
    repository: ({ discussion }) => discussion.repository,
    url: (comment, _args, { world }) => issueCommentHtmlUrl(world, comment),
  } satisfies FieldsOf<IssueComment>,
};
