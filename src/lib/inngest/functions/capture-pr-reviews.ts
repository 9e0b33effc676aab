import { listReviews } from "../../github/list-reviews.ts";
import { toReview } from "../../records/to-review.ts";
import { accountsOf } from "../../records/to-accounts.ts";
import { toPartialPullRequest } from "../../records/to-pull-request.ts";
import type { MergeOutcome } from "../../store/functions.ts";
import { beginJob } from "../../store/jobs.ts";
import { finishListing } from "../../store/listings.ts";
import { mergeReviews } from "../../store/reviews.ts";
import { pullRequestReviews, type PullRequestReviewsData } from "../events.ts";
import {
  afterSecondOf,
  askGitHub,
  captureQueues,
  requestDetails,
  settleReviewers,
  toContext,
  toPayloadContext,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
} from "./capture.ts";

/** Captures one observed review, or lists all of a pull request's where none was carried or the store cannot order it. */
export function createCapturePullRequestReviews({ inngest, store, github }: CaptureDependencies) {
  type Observed = NonNullable<PullRequestReviewsData["observed"]>;

  async function storeObserved(run: CaptureRun, { review, pull_request }: Observed): Promise<MergeOutcome> {
    const row = toReview(review, pull_request.updated_at);
    return mergeReviews(
      store,
      toPayloadContext(run, pull_request.updated_at, [review.user, ...accountsOf(pull_request)]),
      {
        number: pull_request.number,
        pull_request: toPartialPullRequest(pull_request),
        reviews: row ? [row] : [],
        finished: true,
      },
    );
  }

  async function capturePage(run: CaptureRun, page: number) {
    const {
      data: reviews,
      date,
      hasMore,
    } = await askGitHub(github, run, (client, target) => listReviews(client, target, page));
    const context = toContext(run, {
      observedAt: date,
      source: "fetch",
      accounts: reviews.map((review) => review.user),
      requests: 1,
    });
    const { details_needed } = await mergeReviews(store, context, {
      number: run.event.data.number,
      pull_request: null,
      reviews: reviews.flatMap((review) => toReview(review, date) ?? []),
      finished: false,
    });
    return { date, hasMore, detailsNeeded: details_needed };
  }

  return captureQueues("capture-pr-reviews").map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestReviews, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed, number } = event.data;

        if (observed) {
          const stored = await step.run("store-observed-review", () => storeObserved(run, observed));
          if (stored.details_needed) await requestDetails(step, run);
          if (stored.reviewers_unsettled) await settleReviewers(step, run, stored.reviewers_unsettled);
          if (!stored.unsettled) return;
          await step.sleepUntil("wait-for-the-second-to-end", afterSecondOf(stored.unsettled));
        }

        if (!observed) {
          const begun = await step.run("begin-job", () => beginJob(store, toUnobservedContext(run)));
          if (begun === "cancelled") return;
        }
        let beganAt: string | undefined;
        let detailsNeeded = false;
        for (let page = 1; ; page++) {
          const listed = await step.run(`capture-reviews-page-${page}`, async () => {
            // Another of the burst may have asked GitHub while this one waited.
            if (observed && page === 1 && !(await storeObserved(run, observed)).unsettled) return null;
            return capturePage(run, page);
          });
          if (!listed) return;
          detailsNeeded ||= listed.detailsNeeded;
          beganAt ??= listed.date;
          if (!listed.hasMore) break;
        }
        if (detailsNeeded) await requestDetails(step, run);
        const began_at = beganAt;
        await step.run("finish-reviews", () =>
          finishListing(store, toContext(run, { observedAt: began_at, source: "fetch" }), {
            number,
            kinds: ["submitted"],
            began_at,
          }),
        );
      },
    ),
  );
}
