import { toNodeId } from "../node-id.ts";
import type { Review } from "../state.ts";
import type { World } from "../world.ts";
import { accountJsonOrNull, associationOf } from "./account.ts";
import { pullRequestUrls } from "./pull-request.ts";

export function reviewHtmlUrl(world: World, review: Review): string {
  return `${pullRequestUrls(world, review.pullRequest).html_url}#pullrequestreview-${review.id}`;
}

/** A review in REST: upper-case states, "" for an empty body, and no `updated_at`. */
export function reviewJson(world: World, review: Review) {
  const { url } = pullRequestUrls(world, review.pullRequest);
  const htmlUrl = reviewHtmlUrl(world, review);
  return {
    id: review.id,
    node_id: toNodeId("PullRequestReview", review.id),
    user: accountJsonOrNull(world, review.author),
    body: review.body,
    state: review.state as string,
    html_url: htmlUrl,
    pull_request_url: url,
    author_association: associationOf(review.author, review.pullRequest.repository),
    _links: { html: { href: htmlUrl }, pull_request: { href: url } },
    submitted_at: review.submittedAt,
    commit_id: review.commitId,
  };
}

/** A review in webhooks: lower-case states, and null for an empty body. */
export function reviewPayloadJson(world: World, review: Review) {
  return {
    ...reviewJson(world, review),
    body: review.body === "" ? null : review.body,
    state: review.state.toLowerCase(),
    ...(world.payloads === "current" && { updated_at: review.updatedAt }),
  };
}
