import { beginSync, finishSync } from "../../store/sync.ts";
import {
  createEvent,
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  repositorySync,
  type RepositorySyncData,
} from "../events.ts";
import { continued } from "../log-captures.ts";
import { toContinuationEventId, toJobEventId } from "../events/event-ids.ts";
import { sendFromStep } from "../captures/send-from-step.ts";
import type { SyncLeft, SyncPosition } from "../events/sync-position-schema.ts";
import {
  retries,
  throttle,
  installationKey,
  toInstallationLimit,
  priorityByUrgency,
  toContext,
  toUnobservedContext,
  type CaptureDependencies,
  type StepTools,
} from "../captures/capture.ts";
import {
  afterAbsentReviewComments,
  afterBatch,
  afterFailedInventory,
  afterInventory,
  afterLeaving,
  afterListing,
  afterReviewComments,
  afterTails,
  firstPosition,
  nextStep,
} from "../sync/sync-position.ts";
import { createInventoryStep } from "../sync/inventory-step.ts";
import { createWaitFor, type SyncRun } from "../sync/sync-run.ts";
import { createSyncSteps, toLeft } from "../sync/sync-steps.ts";

/** The capture that reads each part. */
const captureOf = {
  details: pullRequestDetails,
  reviews: pullRequestReviews,
  issue_comments: pullRequestComments,
  review_comments: pullRequestComments,
};

/** A run has at most 1,000 steps, sleeps included. https://www.inngest.com/docs/usage-limits/inngest */
const maxSteps = 950;

export type SyncDependencies = CaptureDependencies & {
  /** The share of an installation's budget that is left to live captures, 0 to 1. */
  budgetReserve: number;
};

/** The position after a step, and until when the next step waits. */
interface StepTaken {
  position: SyncPosition;
  waitUntil: string | null;
}

/**
 * Captures a repository's history: all its pull requests, or those updated since a moment.
 *
 * It takes an inventory of the repository's pull requests, lists its review comments by REST, and reads the pull requests in batches by node ids. A
 * failed batch is halved, down to the pull request that fails by itself, which captures of its own read. Every answer is a step, so nothing is
 * read twice. A run that is out of steps sends its position to another run.
 */
export function createCaptureRepositorySync({
  inngest,
  store,
  github,
  budgetReserve,
  concurrency,
}: SyncDependencies) {
  const waitFor = createWaitFor(budgetReserve);
  const steps = {
    ...createSyncSteps({ store, github, waitFor }),
    ...createInventoryStep({ store, github, waitFor }),
  };

  /** Takes the next step. Null if none is left. */
  async function take(
    step: StepTools,
    run: SyncRun,
    position: SyncPosition,
    count: number,
  ): Promise<StepTaken | null> {
    const next = nextStep(position);
    const id = `${next.do}-${count}`;
    switch (next.do) {
      case "list-review-comments": {
        const read = await step.run(id, () => steps.listReviewComments(run, position));
        return { position: afterReviewComments(position, read), waitUntil: read.waitUntil };
      }
      case "take-inventory": {
        const read = await step.run(id, () => steps.takeInventory(run, position, next.order));
        return read
          ? { position: afterInventory(position, read), waitUntil: read.waitUntil }
          : { position: afterFailedInventory(position), waitUntil: null };
      }
      case "read-pull-requests": {
        const read = await step.run(id, () => steps.readBatch(run, position, next));
        return { position: afterBatch(position, read), waitUntil: read.waitUntil };
      }
      case "read-listing": {
        const { listing } = next;
        const read = await step
          .run(id, () => steps.readListing(run, listing))
          .catch(() => ({ tails: [], listings: [], left: [toLeft(listing)], waitUntil: null }));
        return { position: afterListing(position, read), waitUntil: read.waitUntil };
      }
      case "read-tails": {
        const read = await step.run(id, () => steps.readTails(run, next.tails));
        return { position: afterTails(position, next.tails, read), waitUntil: read?.waitUntil ?? null };
      }
      case "find-absent-review-comments": {
        const numbers = await step.run(id, () => steps.findAbsentReviewComments(run, position));
        return { position: afterAbsentReviewComments(position, numbers), waitUntil: null };
      }
      case "leave": {
        await step.run(id, () => steps.leave(run, next.left, position.beganAt));
        const captures = toCaptures(run.event.data, position.job, next.left);
        await sendFromStep(step, `capture-left-${count}`, captures);
        return { position: afterLeaving(position), waitUntil: null };
      }
      case "finish":
        return null;
    }
  }

  return inngest.createFunction(
    {
      id: "capture-repository-sync",
      retries,
      concurrency: [
        { key: installationKey, limit: Math.min(3, concurrency) },
        toInstallationLimit(concurrency),
      ],
      priority: priorityByUrgency,
      throttle,
      triggers: [repositorySync],
    },
    async ({ event, runId, attempt, step }) => {
      const { since, scope = "all", from } = event.data;
      // Rows are marked with the job. A resent event has another id, and the same job.
      const job = from?.job ?? toJobEventId(event.id ?? runId);
      const run: SyncRun = { event: { ...event, id: job }, runId, attempt };

      let position = from;
      if (!position) {
        const begun = await step.run("begin-sync", () =>
          beginSync(store, toUnobservedContext(run), { since: since ?? null, extends: scope === "all" }),
        );
        if (begun.state === "cancelled") return undefined;
        position = firstPosition(job, event.data, begun);
      }

      for (let count = 1; count <= maxSteps; count++) {
        const taken = await take(step, run, position, count);
        if (!taken) {
          const end = position;
          await step.run("finish-sync", () => finish(run, end));
          return undefined;
        }
        ({ position } = taken);
        if (taken.waitUntil) await step.sleepUntil(`wait-for-budget-${++count}`, taken.waitUntil);
      }
      const id = toContinuationEventId(position.job, runId);
      await step.sendEvent(
        "continue-in-another-run",
        createEvent(repositorySync, id, { ...event.data, from: position }),
      );
      return continued;
    },
  );

  async function finish(run: SyncRun, { beganAt, counted, reviewComments, isInventoried }: SyncPosition) {
    const { since, scope = "all" } = run.event.data;
    await finishSync(store, toContext(run, { observedAt: beganAt, source: "fetch" }), {
      began_at: beganAt,
      since: since ?? null,
      has_all_review_comments: scope !== "gaps" && since === undefined && reviewComments.isComplete,
      is_inventoried: isInventoried,
      synced: scope !== "gaps",
      pull_requests: counted?.pull_requests ?? null,
      counted_at: counted?.counted_at ?? null,
    });
  }
}

/** The captures of what a sync could not read. Their ids derive from the sync, so repeated ones are deduplicated. */
function toCaptures(
  { repository, installationId, reason, priority }: RepositorySyncData,
  job: string,
  left: readonly SyncLeft[],
) {
  const events = left.flatMap(({ number, parts }) =>
    [...new Set(parts.map((part) => captureOf[part]))].map((type) =>
      createEvent<typeof type.schema>(type, `${job}:${type.name}:${number}`, {
        repository,
        installationId,
        number,
        reason,
        priority,
      }),
    ),
  );
  return [...new Map(events.map((event) => [event.id, event])).values()];
}
