import { z } from "zod";
import {
  issueComment,
  reviewComment,
  type GitHubIssueComment,
  type GitHubReviewComment,
} from "../records/github-objects.ts";
import { toBudget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";
import { getPage, toDate, type Page, type PullRequestRef } from "./get-page.ts";

/** The conversation, oldest first. */
export async function listIssueComments(
  client: GitHubClient,
  ref: PullRequestRef,
  page: number,
): Promise<Page<GitHubIssueComment>> {
  return getPage(client, issueComment, "issues/{number}/comments", ref, page);
}

/** The comments on the diff, oldest first. */
export async function listReviewComments(
  client: GitHubClient,
  ref: PullRequestRef,
  page: number,
): Promise<Page<GitHubReviewComment>> {
  return getPage(client, reviewComment, "pulls/{number}/comments", ref, page);
}

/** A review comment listed for its whole repository, and the pull request it is on. */
export type NumberedReviewComment = GitHubReviewComment & { number: number };

const numberedReviewComment = reviewComment
  .extend({ pull_request_url: z.string().regex(/\/pulls\/\d+$/) })
  .transform(({ pull_request_url, ...comment }) => ({
    ...comment,
    number: Number(pull_request_url.slice(pull_request_url.lastIndexOf("/") + 1)),
  }));

/** A page of a repository's review comments, longest unchanged first: of all, or of those changed since that moment. */
export async function listRepositoryReviewComments(
  client: GitHubClient,
  repository: { owner: string; name: string },
  { since, page }: { since: string | null; page: number },
): Promise<Page<NumberedReviewComment>> {
  const { data, headers } = await client.request("GET /repos/{owner}/{repo}/pulls/comments", {
    owner: repository.owner,
    repo: repository.name,
    sort: "updated",
    direction: "asc",
    per_page: 100,
    page,
    ...(since && { since }),
  });
  return {
    data: z.array(numberedReviewComment).parse(data),
    date: toDate(headers.date),
    hasMore: headers.link?.includes('rel="next"') ?? false,
    budget: toBudget(headers),
  };
}
