import { reviewsOf } from "../../github/list-reviews.ts";
import { type GitHubReview, type ReviewRow, toReview } from "../../records/review.ts";
import { accountsOf, toPartialPullRequest } from "../../records/pull-request.ts";
import type { MergeOutcome } from "../../store/merge-types.ts";
import { mergeReviews } from "../../store/reviews.ts";
import {
  captureQueues,
  requestDetails,
  toContext,
  toPayloadContext,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { captureList, needsListing, type ListSource } from "../captures/capture-list.ts";
import { throwFailures } from "../captures/capture-listing.ts";
import { endListings } from "../captures/end-listings.ts";
import { pullRequestReviews, type PullRequestReviewsData } from "../events.ts";

type Observed = NonNullable<PullRequestReviewsData["observed"]>;

/** Captures an observed review. Lists all reviews of the pull request if none was observed, or the observation is ambiguous. */
export function createCapturePullRequestReviews({
  inngest,
  store,
  github,
  concurrency,
}: CaptureDependencies) {
  async function storeObserved(run: CaptureRun, observed: Observed): Promise<MergeOutcome> {
    const { pull_request, changedAt = null } = observed;
    const row = toReview(observed.review, toClock(observed));
    return mergeReviews(
      store,
      toPayloadContext(run, {
        observedAt: pull_request.updated_at,
        changedAt,
        accounts: [observed.review.user, ...accountsOf(pull_request)],
      }),
      {
        number: pull_request.number,
        pull_request: toPartialPullRequest(pull_request),
        reviews: row ? [changedAt ? row : { ...row, undated: true }] : [],
        finished: true,
      },
    );
  }

  function listOf(run: CaptureRun): ListSource<GitHubReview, ReviewRow, MergeOutcome> {
    const { repository, number } = run.event.data;
    return {
      kind: "reviews",
      listing: reviewsOf({ repository, number }),
      path: (of, id) => `pulls/${of}/reviews/${id}`,
      pageStore: {
        noun: "review",
        toRows: (reviews, date) => reviews.flatMap((each) => toReview(each, date) ?? []),
        toContext: (reviews, date, requests) =>
          toContext(run, {
            observedAt: date,
            source: "fetch",
            accounts: reviews.map((each) => each.user),
            requests,
          }),
        store: (context, reviews) =>
          mergeReviews(store, context, { number, pull_request: null, reviews, finished: false }),
      },
    };
  }

  return captureQueues("capture-pr-reviews", concurrency).map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestReviews, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed } = event.data;
        const storeThis = observed ? () => storeObserved(run, observed) : null;
        if (!(await needsListing({ store, github }, step, run, storeThis))) return;

        const captured = await captureList({ github }, step, run, listOf(run), storeThis);
        if (!captured) return;
        const { listing, listed } = captured;
        if (listing.detailsNeeded) await requestDetails(step, run);
        await endListings({ store, github }, step, run, {
          name: "reviews",
          listed: [listed],
          beganAt: listing.beganAt,
          finished: listing.problems.length === 0,
        });
        throwFailures([], listing.problems);
      },
    ),
  );
}

/** The later of the two times, because an edit need not move the pull request's. */
function toClock({ pull_request: { updated_at }, changedAt }: Observed): string {
  return changedAt && Date.parse(changedAt) > Date.parse(updated_at) ? changedAt : updated_at;
}
