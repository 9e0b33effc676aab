import { nodeId } from "../node-id.ts";
import type { Review } from "../state.ts";
import type { World } from "../world.ts";
import { accountJsonOrNull, associationOf } from "./account.ts";
import { pullRequestUrls } from "./pull-request.ts";

export function reviewHtmlUrl(world: World, review: Review): string {
  return `${pullRequestUrls(world, review.pullRequest).html_url}#pullrequestreview-${review.id}`;
}

/** REST's review: states in capitals, an empty body as empty text, and no `updated_at`. */
export function reviewJson(world: World, review: Review) {
  const { url } = pullRequestUrls(world, review.pullRequest);
  const html_url = reviewHtmlUrl(world, review);
  return {
    id: review.id,
    node_id: nodeId("PullRequestReview", review.id),
    user: accountJsonOrNull(world, review.author),
    body: review.body,
    state: review.state as string,
    html_url,
    pull_request_url: url,
    author_association: associationOf(review.author, review.pullRequest.repository),
    _links: { html: { href: html_url }, pull_request: { href: url } },
    submitted_at: review.submittedAt,
    commit_id: review.commitId,
  };
}

/** The webhook's review: states in lower case, an empty body as null. */
export function reviewPayloadJson(world: World, review: Review) {
  return {
    ...reviewJson(world, review),
    body: review.body === "" ? null : review.body,
    state: review.state.toLowerCase(),
    ...(world.payloads === "current" && { updated_at: review.updatedAt }),
  };
}
