import { filesOf, reviewCommentsOf, submittedReviews, type PullRequest } from "../fake-github/index.ts";
import type { RequestKind } from "../testing/request-kind.ts";

/** GitHub's limits. */
const maxFiles = 3000;
const perPage = 100;

/** Returns the requests that fetch a pull request with its lists. An empty list takes a request too. */
export function refetchCost(pullRequest: PullRequest): [RequestKind, number][] {
  return [
    ["pull request", 1],
    ["files", pages(Math.min(filesOf(pullRequest).length, maxFiles))],
    ["reviews", pages(submittedReviews(pullRequest).length)],
    ["review comments", pages(reviewCommentsOf(pullRequest).length)],
    ["issue comments", pages(pullRequest.comments.length)],
  ];
}

function pages(items: number): number {
  return Math.max(1, Math.ceil(items / perPage));
}
