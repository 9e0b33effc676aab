import type { GitHubReview } from "./github-objects.ts";
import type { ReviewRow } from "./rows.ts";

/** Null for a pending review, which only its author may see. `clock` is when the review was seen so. */
export function toReview(review: GitHubReview, clock: string): ReviewRow | null {
  if (review.submitted_at === null) return null;
  return {
    id: review.id,
    author_id: review.user?.id ?? null,
    author_association: review.author_association,
    state: review.state.toUpperCase(), // webhooks say changes_requested, REST CHANGES_REQUESTED
    body: review.body,
    commit_id: review.commit_id,
    submitted_at: review.submitted_at,
    clock,
  };
}
