import { beginJob } from "../../store/jobs.ts";
import { finishSync } from "../../store/sync.ts";
import {
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  repositorySync,
  type SyncListing,
  type SyncTail,
} from "../events.ts";
import {
  retries,
  throttle,
  installationLimit,
  priorityByUrgency,
  toContext,
  toUnobservedContext,
  type CaptureDependencies,
} from "./capture.ts";
import { afterPullRequests, afterReviewComments, afterTooMuch, beginSync } from "./sync-position.ts";
import { createSyncSteps, type SyncRun } from "./sync-steps.ts";
import type { SyncPage } from "./sync-page.ts";

/** Lists that go on are asked for together, so many in one query. */
const mostTailsAtOnce = 20;

/** The capture of one pull request that reads such a list. */
const toCapture = {
  files: pullRequestDetails,
  reviews: pullRequestReviews,
  comments: pullRequestComments,
  reviewComments: pullRequestComments,
  reviewThreads: pullRequestComments,
};

/** A run has at most 1,000 steps, sleeps included. https://www.inngest.com/docs/usage-limits/inngest */
const maxSteps = 950;

export type SyncDependencies = CaptureDependencies & {
  /** The share of an installation's budget that is left to live captures, 0 to 1. */
  budgetReserve: number;
};

/**
 * Captures a repository's history: all its pull requests, or those changed since a moment, from pages of many. First the review
 * comments, by REST for the whole repository; then the pull requests with the rest, by GraphQL; then what their pages had no room for.
 * Every page is a step, so nothing that was read is read twice. A run that has taken all its steps hands its position over to another.
 */
export function createCaptureRepositorySync({ inngest, store, github, budgetReserve }: SyncDependencies) {
  const sync = createSyncSteps({ store, github, budgetReserve });

  return inngest.createFunction(
    {
      id: "capture-repository-sync",
      retries,
      concurrency: [{ key: installationLimit.key, limit: 3 }, installationLimit],
      priority: priorityByUrgency,
      throttle,
      triggers: [repositorySync],
    },
    async ({ event, runId, attempt, step }) => {
      const { since, from } = event.data;
      const run: SyncRun = { event: { ...event, id: from?.job ?? event.id ?? runId }, runId, attempt };
      if (!from) {
        const begun = await step.run("begin-job", () => beginJob(store, toUnobservedContext(run)));
        if (begun === "cancelled") return;
      }

      let position = from ?? beginSync(run.event.id ?? runId, since);
      const listed = new Set<number>(); // whose review comments were, of which GitHub may lack a thread's first all the same
      const note = ({ tails, listings }: Pick<SyncPage, "tails" | "listings">) => {
        const unread = listings.filter(
          ({ list, page, number }) => list === "files" || page > 1 || !listed.has(number),
        );
        for (const { list, number } of unread) if (list === "reviewComments") listed.add(number);
        position = {
          ...position,
          tails: [...position.tails, ...tails],
          listings: [...unread, ...position.listings],
        };
      };

      /** A list that GitHub does not give, whatever it is asked, is left to a capture of its own, whose failure is to be seen in its job. */
      const leave = async ({ number, list }: SyncListing | SyncTail) => {
        const { repository, installationId, reason, priority } = event.data;
        const type = toCapture[list];
        await step.sendEvent(`leave-${list}-of-${number}`, {
          ...type.create({ repository, installationId, number, reason, priority }),
          id: `${position.job}:${type.name}:${number}`,
        });
      };

      let tailsAtOnce = mostTailsAtOnce;
      for (let steps = 1; ; steps++) {
        if (steps > maxSteps) {
          return step.sendEvent("go-on-in-another-run", {
            ...repositorySync.create({ ...event.data, from: position }),
            id: `${position.job}:after:${runId}`,
          });
        }
        const { stage, tails, listings } = position;
        const [listing] = listings;
        let waitUntil: string | null;

        if (stage === "review-comments") {
          const now = position;
          const read = await step.run(`capture-review-comments-${steps}`, () =>
            sync.captureReviewComments(run, now),
          );
          position = afterReviewComments(position, read);
          ({ waitUntil } = read);
        } else if (listing) {
          const read = await step
            .run(`capture-${listing.list}-of-${listing.number}-${steps}`, () =>
              sync.captureListing(run, listing),
            )
            .catch(() => null);
          position = { ...position, listings: listings.slice(1) };
          if (read) note(read);
          else await leave(listing);
          waitUntil = read?.waitUntil ?? null;
        } else if (tails.length >= (stage === "rest" ? 1 : tailsAtOnce)) {
          const asked = tails.slice(0, tailsAtOnce);
          const [first, ...others] = asked;
          const captured = step.run(`capture-tails-${steps}`, () => sync.captureTails(run, asked));
          const read = await (others.length > 0 ? captured : captured.catch(() => null));
          if (read || others.length === 0) position = { ...position, tails: tails.slice(asked.length) };
          else tailsAtOnce = Math.ceil(asked.length / 2);
          if (read) note(read);
          else if (first && others.length === 0) await leave(first);
          waitUntil = read?.waitUntil ?? null;
        } else if (stage === "pull-requests") {
          const now = position;
          const read = await step.run(`capture-pull-requests-${steps}`, () =>
            sync.capturePullRequests(run, now),
          );
          position = read ? afterPullRequests(position, read) : afterTooMuch(position);
          if (read) note(read);
          waitUntil = read?.waitUntil ?? null;
        } else break;

        if (waitUntil) await step.sleepUntil(`wait-for-budget-${++steps}`, waitUntil);
      }

      const { beganAt, counted } = position;
      await step.run("finish-sync", () =>
        finishSync(store, toContext(run, { observedAt: beganAt, source: "fetch" }), {
          began_at: beganAt,
          complete: since === undefined,
          ...(counted ?? { pull_requests: 0, counted_at: beganAt }),
        }),
      );
    },
  );
}
