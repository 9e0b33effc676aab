import { reviewSchema, type GitHubReview } from "../records/review.ts";
import type { PullRequestRef } from "./get-page.ts";
import { ofPullRequest, type Listing } from "./read-page.ts";

/** Lists a pull request's reviews in the order of their submission. https://docs.github.com/rest/pulls/reviews#list-reviews-for-a-pull-request */
export function reviewsOf(ref: PullRequestRef): Listing<GitHubReview> {
  return ofPullRequest(ref, "pulls/{number}/reviews", "review", reviewSchema);
}
