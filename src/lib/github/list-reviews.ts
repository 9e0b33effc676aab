import { review, type GitHubReview } from "../records/github-objects.ts";
import type { GitHubClient } from "./client.ts";
import { getPage, type Page, type PullRequestRef } from "./get-page.ts";

export async function listReviews(
  client: GitHubClient,
  ref: PullRequestRef,
  page: number,
): Promise<Page<GitHubReview>> {
  return getPage(client, review, "pulls/{number}/reviews", ref, page);
}
