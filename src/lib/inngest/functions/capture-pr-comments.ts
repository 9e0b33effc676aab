import { LaggingReplicaError } from "../../github/errors.ts";
import { listIssueComments, listReviewComments } from "../../github/list-comments.ts";
import { listReviewThreads } from "../../github/list-review-threads.ts";
import type { GitHubClient } from "../../github/client.ts";
import type { PullRequestRef } from "../../github/get-page.ts";
import type { GitHubAccount } from "../../records/github-objects.ts";
import type { CommentRow } from "../../records/rows.ts";
import { accountsOf } from "../../records/to-accounts.ts";
import { toIssueComment, toReviewComment } from "../../records/to-comment.ts";
import { fromPullRequestIssue, toPartialPullRequest } from "../../records/to-pull-request.ts";
import { mergeComments, mergeThreads } from "../../store/comments.ts";
import type { MergeOutcome } from "../../store/functions.ts";
import { beginJob } from "../../store/jobs.ts";
import { finishListing } from "../../store/listings.ts";
import { pullRequestComments, type PullRequestCommentsData } from "../events.ts";
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

type Observed = NonNullable<PullRequestCommentsData["observed"]>;

/**
 * Captures one observed comment or thread, or lists all comments of a pull request where none was carried, those of one kind where the
 * store cannot order it.
 */
export function createCapturePullRequestComments({ inngest, store, github }: CaptureDependencies) {
  async function storeObserved(run: CaptureRun, observed: Observed): Promise<MergeOutcome> {
    const pullRequest =
      observed.kind === "issue"
        ? fromPullRequestIssue(observed.issue)
        : toPartialPullRequest(observed.pull_request);
    const mentioned = observed.kind === "issue" ? [observed.issue.user] : accountsOf(observed.pull_request);
    const context = toPayloadContext(run, pullRequest.updated_at, [...authorsOf(observed), ...mentioned]);
    return mergeComments(store, context, {
      number: pullRequest.number,
      pull_request: pullRequest,
      comments: toCommentRows(observed, pullRequest.updated_at),
      finished: true,
    });
  }

  async function capturePage(run: CaptureRun, kind: "issue" | "review", page: number, observed?: Observed) {
    const listed = await askGitHub(github, run, async (client, target) => {
      const answer = await listRows(client, target, kind, page);
      const delivered = observed ? toCommentRows(observed, answer.date) : [];
      if (answer.rows.some((row) => delivered.some((shown) => isOlder(row, shown)))) {
        throw new LaggingReplicaError("GitHub shows an older comment than before.");
      }
      return answer;
    });
    const context = toContext(run, {
      observedAt: listed.date,
      source: "fetch",
      accounts: listed.authors,
      requests: 1,
    });
    const { details_needed } = await mergeComments(store, context, {
      number: run.event.data.number,
      pull_request: null,
      comments: listed.rows,
      finished: false,
    });
    return {
      date: listed.date,
      hasMore: listed.hasMore,
      isEmpty: listed.rows.length === 0,
      detailsNeeded: details_needed,
    };
  }

  async function captureThreads(run: CaptureRun, after: string | null): Promise<string | null> {
    const page = await askGitHub(github, run, (client, target) => listReviewThreads(client, target, after));
    const context = toContext(run, { observedAt: page.date, source: "fetch", points: page.points });
    await mergeThreads(store, context, page.threads);
    return page.after;
  }

  return captureQueues("capture-pr-comments").map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestComments, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed, number } = event.data;

        if (observed) {
          const stored = await step.run("store-observed-comment", () => storeObserved(run, observed));
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
        const kinds = kindsToList(observed);
        for (const kind of kinds) {
          let isEmpty = true;
          for (let page = 1; ; page++) {
            const listed = await step.run(`capture-${kind}-comments-page-${page}`, async () => {
              // Another of the burst may have asked GitHub while this one waited.
              if (observed && page === 1 && !(await storeObserved(run, observed)).unsettled) return null;
              return capturePage(run, kind, page, observed);
            });
            if (!listed) return;
            detailsNeeded ||= listed.detailsNeeded;
            beganAt ??= listed.date;
            isEmpty &&= listed.isEmpty;
            if (!listed.hasMore) break;
          }
          if (kind === "review" && !isEmpty) {
            let after: string | null = null;
            for (let page = 1; page === 1 || after; page++) {
              const cursor: string | null = after;
              after = await step.run(`capture-threads-page-${page}`, () => captureThreads(run, cursor));
            }
          }
        }
        if (detailsNeeded) await requestDetails(step, run);
        const began_at = beganAt ?? new Date().toISOString();
        await step.run("finish-comments", () =>
          finishListing(store, toContext(run, { observedAt: began_at, source: "fetch" }), {
            number,
            kinds,
            began_at,
          }),
        );
      },
    ),
  );
}

function kindsToList(observed: Observed | undefined): ("issue" | "review")[] {
  if (!observed) return ["issue", "review"];
  return observed.kind === "issue" ? ["issue"] : ["review"];
}

async function listRows(client: GitHubClient, ref: PullRequestRef, kind: "issue" | "review", page: number) {
  if (kind === "issue") {
    const { data, ...answer } = await listIssueComments(client, ref, page);
    return { ...answer, rows: data.map(toIssueComment), authors: data.map((comment) => comment.user) };
  }
  const { data, ...answer } = await listReviewComments(client, ref, page);
  return { ...answer, rows: data.map(toReviewComment), authors: data.map((comment) => comment.user) };
}

function isOlder(row: CommentRow, shown: CommentRow): boolean {
  return (
    row.kind === shown.kind &&
    row.id === shown.id &&
    Date.parse(row.updated_at) < Date.parse(shown.updated_at)
  );
}

/** `seenAt` is when the payload was made: a deletion has no time of its own. */
function toCommentRows(observed: Observed, seenAt: string): CommentRow[] {
  switch (observed.kind) {
    case "issue":
      return [{ ...toIssueComment(observed.comment), ...(observed.deleted && { deleted_at: seenAt }) }];
    case "review":
      return [{ ...toReviewComment(observed.comment), ...(observed.deleted && { deleted_at: seenAt }) }];
    case "thread": {
      const { resolved, updated_at, comments } = observed.thread;
      return comments.map((comment, index) => ({
        ...toReviewComment(comment),
        ...(index === 0 && { resolved, resolved_clock: updated_at }),
      }));
    }
  }
}

function authorsOf(observed: Observed): (GitHubAccount | null)[] {
  if (observed.kind === "thread") return observed.thread.comments.map((comment) => comment.user);
  return [observed.comment.user];
}
