import { LaggingReplicaError } from "../../github/errors.ts";
import type { PullRequestRef } from "../../github/get-page.ts";
import { issueCommentsListing, reviewCommentsListing } from "../../github/list-comments.ts";
import { listReviewThreads } from "../../github/list-review-threads.ts";
import type { Listing } from "../../github/read-page.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { GitHubAccount } from "../../records/account.ts";
import {
  issueCommentSchema,
  reviewCommentSchema,
  type CommentRow,
  toDeleted,
  toIssueComment,
  toReviewComment,
} from "../../records/comment.ts";
import { accountsOf, fromPullRequestIssue, toPartialPullRequest } from "../../records/pull-request.ts";
import { mergeComments, mergeThreads } from "../../store/comments.ts";
import type { ListedKind, MergeOutcome } from "../../store/merge-types.ts";
import { storeInParts } from "../../store/store-in-parts.ts";
import {
  askGitHub,
  captureQueues,
  requestDetails,
  toContext,
  toPayloadContext,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";
import { captureList, needsListing, type ListSource } from "../captures/capture-list.ts";
import { retryWhileNew, storePage, throwFailures, toProblems } from "../captures/capture-listing.ts";
import { countListings, endListings, type ListedItems } from "../captures/end-listings.ts";
import { pullRequestComments, type CommentList, type PullRequestCommentsData } from "../events.ts";
import { commentListsOf } from "../events/observed.ts";

type Observed = NonNullable<PullRequestCommentsData["observed"]>;

/** Captures an observed comment or thread. Lists the comments of the pull request if none was observed, or the observation is ambiguous. */
export function createCapturePullRequestComments({
  inngest,
  store,
  github,
  concurrency,
}: CaptureDependencies) {
  async function storeObserved(run: CaptureRun, observed: Observed): Promise<MergeOutcome> {
    const pullRequest =
      observed.kind === "issue"
        ? fromPullRequestIssue(observed.issue)
        : toPartialPullRequest(observed.pull_request);
    const mentioned = observed.kind === "issue" ? [observed.issue.user] : accountsOf(observed.pull_request);
    const context = toPayloadContext(run, {
      observedAt: pullRequest.updated_at,
      changedAt: changeOf(observed),
      accounts: [...authorsOf(observed), ...mentioned],
    });
    const { results, refused } = await storeInParts(toCommentRows(observed), (comments) =>
      mergeComments(store, context, {
        number: pullRequest.number,
        pull_request: pullRequest,
        comments,
        finished: true,
      }),
    );
    const [bad] = refused;
    if (bad) throw bad.error;
    return results.reduce((outcome, each) => ({ ...outcome, ...each }));
  }

  /** A list of comments. An answer that is older than the observation comes from a lagging replica, and is not stored. */
  function listOf(
    run: CaptureRun,
    { list, path, listing }: CommentSource,
    observed?: Observed,
  ): ListSource<ListedComment, CommentRow, MergeOutcome> {
    const { repository, number } = run.event.data;
    const source = listing({ repository, number });
    return {
      kind: list,
      path,
      listing: source,
      pageStore: {
        noun: source.noun,
        toRows: (comments) => {
          const rows = comments.map(({ row }) => row);
          const delivered = observed ? toCommentRows(observed) : [];
          if (rows.some((row) => delivered.some((shown) => isOlder(row, shown))))
            throw toInngestError(new LaggingReplicaError("GitHub shows an older comment than before."));
          return rows;
        },
        toContext: (comments, date, requests) =>
          toContext(run, {
            observedAt: date,
            source: "fetch",
            accounts: comments.map(({ author }) => author),
            requests,
          }),
        store: (context, comments) =>
          mergeComments(store, context, { number, pull_request: null, comments, finished: false }),
      },
    };
  }

  async function captureThreads(run: CaptureRun, after: string | null): Promise<CapturedThreads> {
    const page = await askGitHub(github, run, (client, target) =>
      listReviewThreads(client, target, after, run.attempt),
    );
    const context = toContext(run, { observedAt: page.date, source: "fetch", points: page.points });
    const threads = page.threads.map((thread) => ({ ...thread, id: thread.comment_id }));
    const stored = await storePage(
      {
        store: (stepContext, rows) =>
          mergeThreads(
            store,
            stepContext,
            rows.map(({ comment_id, resolved }) => ({ comment_id, resolved })),
          ),
      },
      threads,
      context,
    );
    const problems = [...page.unreadable, ...toProblems("thread of review comment", stored)];
    retryWhileNew(problems, run);
    return { after: page.after, problems };
  }

  return captureQueues("capture-pr-comments", concurrency).map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestComments, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed } = event.data;
        const storeThis = observed ? () => storeObserved(run, observed) : null;
        if (!(await needsListing({ store, github }, step, run, storeThis))) return;

        const failures: unknown[] = [];
        const problems: string[] = [];
        const isWell = () => failures.length === 0 && problems.length === 0;

        /** Delays the failure of one part until the other parts are captured. */
        async function attemptPart<Result>(work: () => Promise<Result>): Promise<Result | "failed"> {
          try {
            return await work();
          } catch (error) {
            failures.push(error);
            return "failed";
          }
        }

        async function captureAllThreads(): Promise<void> {
          for (let page = 1, after: string | null = null; page === 1 || after; page++) {
            const cursor: string | null = after;
            const captured: CapturedThreads = await step.run(`capture-threads-page-${page}`, () =>
              captureThreads(run, cursor),
            );
            problems.push(...captured.problems);
            after = captured.after;
          }
        }

        const listed: ListedItems[] = [];
        let beganAt: string | undefined;
        let detailsNeeded = false;
        let hasThreads = false;
        const lists = commentListsOf(event.data);
        for (const source of commentSources.filter(({ list }) => lists.includes(list))) {
          const captured = await attemptPart(() =>
            captureList({ github }, step, run, listOf(run, source, observed), storeThis),
          );
          if (captured === "failed") continue;
          if (!captured) return;
          const { listing } = captured;
          beganAt ??= listing.beganAt;
          detailsNeeded ||= listing.detailsNeeded;
          problems.push(...listing.problems);
          listed.push(captured.listed);
          hasThreads ||= source.list === "review_comments" && !listing.isEmpty;
        }
        if (detailsNeeded) await requestDetails(step, run);
        if (beganAt !== undefined) {
          const ended = { name: "comments", listed, beganAt };
          const needsThreads = hasThreads && lists.includes("review_threads");
          await endListings({ store, github }, step, run, {
            ...ended,
            uncounted: hasThreads ? [reviewComments.list] : [],
            finished: isWell() && !needsThreads,
          });
          // Threads come last, so that a refusal of GraphQL, which can last for hours, delays nothing that REST lists. Stale review comments stay
          // stale until the threads are read.
          if (needsThreads) {
            await attemptPart(captureAllThreads);
            if (isWell()) await countListings({ store }, step, run, ended);
          }
        }
        throwFailures(failures, problems);
      },
    ),
  );
}

interface CapturedThreads {
  after: string | null;
  problems: string[];
}

/** A listed comment, as it is stored. */
interface ListedComment {
  row: CommentRow;
  author: GitHubAccount | null;
}

/** One of the two lists of comments. */
interface CommentSource {
  list: CommentList & ListedKind;
  listing: (ref: PullRequestRef) => Listing<ListedComment>;
  path: ListedItems["path"];
}

const issueComments: CommentSource = {
  list: "issue_comments",
  listing: (ref) => ({
    ...issueCommentsListing(ref),
    item: issueCommentSchema.transform((comment) => ({
      row: toIssueComment(comment),
      author: comment.user ?? null,
    })),
  }),
  path: (_, id) => `issues/comments/${id}`,
};

const reviewComments: CommentSource = {
  list: "review_comments",
  listing: (ref) => ({
    ...reviewCommentsListing(ref),
    item: reviewCommentSchema.transform((comment) => ({
      row: toReviewComment(comment),
      author: comment.user ?? null,
    })),
  }),
  path: (_, id) => `pulls/comments/${id}`,
};

const commentSources = [issueComments, reviewComments];

function isOlder(row: CommentRow, shown: CommentRow): boolean {
  return (
    row.kind === shown.kind &&
    row.id === shown.id &&
    Date.parse(row.updated_at) < Date.parse(shown.updated_at)
  );
}

function toCommentRows(observed: Observed): CommentRow[] {
  switch (observed.kind) {
    case "issue":
      return [toRow(toIssueComment(observed.comment), observed)];
    case "review":
      return [toRow(toReviewComment(observed.comment), observed)];
    case "thread": {
      const { resolved, updated_at, undated, comments } = observed.thread;
      return comments.map((comment, index) => ({
        ...toReviewComment(comment),
        ...(index === 0 && { resolved, resolved_clock: updated_at, ...(undated && { undated }) }),
      }));
    }
  }
}

function toRow(comment: CommentRow, { deletedAt }: { deletedAt: string | null }): CommentRow {
  return deletedAt === null ? comment : toDeleted(comment, deletedAt);
}

/** The payload of a deletion does not show when the comment was deleted, and that of a thread may not show when it was resolved. */
function changeOf(observed: Observed): string | null {
  return observed.kind === "thread" || observed.deletedAt !== null ? null : observed.comment.updated_at;
}

function authorsOf(observed: Observed): (GitHubAccount | null | undefined)[] {
  if (observed.kind === "thread") return observed.thread.comments.map((comment) => comment.user);
  return [observed.comment.user];
}
