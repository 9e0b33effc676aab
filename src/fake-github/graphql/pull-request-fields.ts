import { canSee } from "../credentials.ts";
import { pullRequestUrls } from "../json/pull-request.ts";
import { computeMergeability } from "../mutations/mergeability.ts";
import { toNodeId } from "../node-id.ts";
import { listedFilesOf } from "../listed-files.ts";
import { filesOf, present, reviewCommentsOf, submittedReviews } from "../state.ts";
import type { Account, AutoMerge, ChangedFile, PullRequest, Review, Team } from "../state.ts";
import { actor, graphqlLogin } from "./account-fields.ts";
import { connect } from "./connection.ts";
import { discussionFields } from "./discussion-fields.ts";
import type { Args, FieldsOf } from "./resolver.ts";

interface ReviewRequest {
  kind: "review_request";
  pullRequest: PullRequest;
  reviewer: Account | Team;
}

interface Commit {
  oid: string;
}

const changeTypes = {
  added: "ADDED",
  removed: "DELETED",
  modified: "MODIFIED",
  renamed: "RENAMED",
  copied: "COPIED",
  changed: "CHANGED",
  unchanged: "CHANGED",
} as const;

export function pullRequestState({ mergedAt, state }: PullRequest): "MERGED" | "OPEN" | "CLOSED" {
  if (mergedAt !== null) return "MERGED";
  return state === "open" ? "OPEN" : "CLOSED";
}

export const pullRequestFields = {
  PullRequest: {
    ...discussionFields,
    id: ({ id }) => toNodeId("PullRequest", id),
    databaseId: ({ id }) => id,
    fullDatabaseId: ({ id }) => String(id),
    url: (pullRequest, _args, { world }) => pullRequestUrls(world, pullRequest).html_url,
    permalink: (pullRequest, _args, { world }) => pullRequestUrls(world, pullRequest).html_url,
    resourcePath: (pullRequest, _args, { world }) =>
      new URL(pullRequestUrls(world, pullRequest).html_url).pathname,
    state: pullRequestState,
    isDraft: ({ draft }) => draft,
    merged: ({ mergedAt }) => mergedAt !== null,
    mergedBy: ({ mergedBy }) => actor(mergedBy),
    mergeCommit: ({ mergedAt, mergeCommitSha }) =>
      mergedAt === null || mergeCommitSha === null ? null : { oid: mergeCommitSha },
    potentialMergeCommit: (pullRequest, _args, { world }) => {
      computeMergeability(world, pullRequest);
      return pullRequest.mergedAt === null && pullRequest.mergeCommitSha !== null
        ? { oid: pullRequest.mergeCommitSha }
        : null;
    },
    mergeable: ({ mergeable }) => (mergeable === null ? "UNKNOWN" : mergeable ? "MERGEABLE" : "CONFLICTING"),
    mergeStateStatus: ({ mergeable, draft }) =>
      mergeable === null ? "UNKNOWN" : draft ? "DRAFT" : mergeable ? "CLEAN" : "DIRTY",
    isInMergeQueue: ({ queued }) => queued,
    isMergeQueueEnabled: ({ queued }) => queued,
    autoMergeRequest: ({ autoMerge }) => autoMerge,
    additions: (pullRequest) => filesOf(pullRequest).reduce((sum, { additions }) => sum + additions, 0),
    deletions: (pullRequest) => filesOf(pullRequest).reduce((sum, { deletions }) => sum + deletions, 0),
    changedFiles: (pullRequest) => filesOf(pullRequest).length,
    baseRefName: ({ base }) => base.ref,
    baseRefOid: ({ base }) => base.sha,
    baseRepository: ({ repository }) => repository,
    headRefName: ({ head }) => head.ref,
    headRefOid: ({ head }) => head.sha,
    // Also null, without an error, for a fork that the client cannot see. https://github.com/cli/cli/issues/5708
    headRepository: ({ head }, _args, { credential }) =>
      head.repository && canSee(credential, head.repository) ? head.repository : null,
    headRepositoryOwner: ({ head }) => present(head.owner),
    isCrossRepository: ({ head, repository }) => head.repository !== repository,
    files: (pullRequest, args) => connect(listedFilesOf(pullRequest), args, (_file, index) => [index]),
    // The schema says "how many comments this pull request has received". The fake GitHub counts issue and review comments.
    totalCommentsCount: (pullRequest) => pullRequest.comments.length + reviewCommentsOf(pullRequest).length,
    commits: ({ heads }, args) =>
      connect(
        Array.from({ length: heads.at(-1)?.commits ?? 0 }, (_, index) => index),
        args,
        (index) => [index],
      ),
    reviews: (pullRequest, args) => connect(wantedReviews(pullRequest, args), args, ({ id }) => [id]),
    reviewThreads: ({ threads }, args) =>
      connect(
        threads.filter(({ comments }) => comments.some(({ review }) => review.state !== "PENDING")),
        args,
        ({ id }) => [id],
      ),
    reviewRequests: (pullRequest, args) =>
      connect(requestsOf(pullRequest), args, (_request, index) => [index]),
  } satisfies FieldsOf<PullRequest>,
  PullRequestChangedFile: {
    path: ({ filename }) => filename,
    changeType: ({ status }) => changeTypes[status],
    viewerViewedState: () => "UNVIEWED",
  } satisfies FieldsOf<ChangedFile>,
  AutoMergeRequest: {
    enabledBy: ({ enabledBy }) => actor(enabledBy),
    mergeMethod: ({ mergeMethod }) => mergeMethod.toUpperCase(),
    commitHeadline: ({ commitTitle }) => commitTitle,
    commitBody: ({ commitMessage }) => commitMessage,
  } satisfies FieldsOf<AutoMerge>,
  ReviewRequest: {
    id: ({ pullRequest, reviewer }) => `RR_${toNodeId("PullRequest", pullRequest.id)}_${reviewer.id}`,
    asCodeOwner: () => false,
    pullRequest: ({ pullRequest }) => pullRequest,
    requestedReviewer: ({ reviewer }) => reviewer,
  } satisfies FieldsOf<ReviewRequest>,
  Commit: {
    abbreviatedOid: ({ oid }) => oid.slice(0, 7),
  } satisfies FieldsOf<Commit>,
};

function wantedReviews(pullRequest: PullRequest, { states, author }: Args): Review[] {
  return submittedReviews(pullRequest).filter(
    (review) =>
      (!states || states.includes(review.state)) && (!author || graphqlLogin(review.author) === author),
  );
}

function requestsOf(pullRequest: PullRequest): ReviewRequest[] {
  const reviewers = [...pullRequest.requestedReviewers, ...pullRequest.requestedTeams];
  return reviewers.map((reviewer) => ({ kind: "review_request", pullRequest, reviewer }));
}
