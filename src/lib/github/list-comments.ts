import { z } from "zod";
import {
  issueCommentSchema,
  reviewCommentSchema,
  type GitHubIssueComment,
  type GitHubReviewComment,
} from "../records/comment.ts";
import { timestamp } from "../records/values.ts";
import type { PullRequestRef } from "./get-page.ts";
import { ofPullRequest, type Listing } from "./read-page.ts";

/** Lists a pull request's issue comments, oldest first. https://docs.github.com/rest/issues/comments#list-issue-comments */
export function issueCommentsListing(ref: PullRequestRef): Listing<GitHubIssueComment> {
  return ofPullRequest(ref, "issues/{number}/comments", "issue comment", issueCommentSchema);
}

/** Lists a pull request's review comments, oldest first. https://docs.github.com/rest/pulls/comments#list-review-comments-on-a-pull-request */
export function reviewCommentsListing(ref: PullRequestRef): Listing<GitHubReviewComment> {
  return ofPullRequest(ref, "pulls/{number}/comments", "review comment", reviewCommentSchema);
}

/** A review comment with the number of its pull request. `comment` is null when it cannot be read. */
export interface NumberedReviewComment {
  number: number;
  updated_at: string;
  comment: GitHubReviewComment | null;
}

const numberedReviewComment = z
  .looseObject({ pull_request_url: z.string().regex(/\/pulls\/\d+$/), updated_at: timestamp })
  .transform((item): NumberedReviewComment => ({
    number: Number(item.pull_request_url.slice(item.pull_request_url.lastIndexOf("/") + 1)),
    updated_at: item.updated_at,
    comment: reviewCommentSchema.safeParse(item).data ?? null,
  }));

/** Lists a repository's review comments, or those updated since a time. The longest unchanged come first. */
export function reviewCommentsOfRepository(
  { owner, name }: { owner: string; name: string },
  since: string | null,
): Listing<NumberedReviewComment> {
  return {
    noun: "review comment",
    route: "GET /repos/{owner}/{repo}/pulls/comments",
    parameters: { owner, repo: name, sort: "updated", direction: "asc", ...(since && { since }) },
    item: numberedReviewComment,
  };
}
