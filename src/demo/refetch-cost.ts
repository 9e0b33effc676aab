import { filesOf, reviewCommentsOf, submittedReviews, type PullRequest } from "./github/index.ts";
import type { RequestKind } from "./request-kind.ts";

/** GitHub lists 3,000 files at most, and 100 items a page. */
const listedFiles = 3000;
const perPage = 100;

/** What it takes to fetch a pull request with all that pr-capture keeps of it, as it is now: an empty list is a request too. */
export function refetchCost(pullRequest: PullRequest): [RequestKind, number][] {
  return [
    ["pull request", 1],
    ["files", pages(Math.min(filesOf(pullRequest).length, listedFiles))],
    ["reviews", pages(submittedReviews(pullRequest).length)],
    ["review comments", pages(reviewCommentsOf(pullRequest).length)],
    ["issue comments", pages(pullRequest.comments.length)],
  ];
}

function pages(items: number): number {
  return Math.max(1, Math.ceil(items / perPage));
}
