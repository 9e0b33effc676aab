import { z } from "zod";
import { accountIdOf, author, authorAssociation } from "./account.ts";
import { absentIfNull, numericId, optionalText, text, timestamp, type KnownColumns } from "./values.ts";

/** `submitted_at` is null for a pending review, which only its author can see. */
export const reviewSchema = z.object({
  id: numericId,
  user: author,
  author_association: authorAssociation,
  state: absentIfNull(text),
  body: optionalText,
  commit_id: absentIfNull(text),
  submitted_at: timestamp.nullish().transform((at) => at ?? null),
});

export type GitHubReview = z.output<typeof reviewSchema>;

/** Returns null for a pending review, which only its author can see. `clock` is the time of the observation. */
export function toReview(review: GitHubReview, clock: string) {
  if (review.submitted_at === null) return null;
  return {
    id: review.id,
    author_id: accountIdOf(review.user),
    author_association: review.author_association,
    state: review.state?.toUpperCase(), // changes_requested in webhooks, CHANGES_REQUESTED in REST
    body: review.body,
    commit_id: review.commit_id,
    submitted_at: review.submitted_at,
    clock,
  };
}

/**
 * `clock` is the later `updated_at` of the review and of the pull request in the payload, or the date of the answer: REST gives a review no
 * clock.
 */
export type ReviewRow = KnownColumns<
  NonNullable<ReturnType<typeof toReview>>,
  "id" | "submitted_at" | "clock"
> & {
  /** True when `clock` is only the pull request's, because the payload has no time of its own. */
  undated?: true;
};
