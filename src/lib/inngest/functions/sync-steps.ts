import type { Budget } from "../../github/budget.ts";
import { listRepositoryReviewComments, listReviewComments } from "../../github/list-comments.ts";
import { listFiles } from "../../github/list-files.ts";
import { listMore } from "../../github/list-more.ts";
import { listPullRequests } from "../../github/list-pull-requests.ts";
import { isTooMuchAtOnce } from "../../github/to-inngest-error.ts";
import { toReviewComment } from "../../records/to-comment.ts";
import { headOf, toFile } from "../../records/to-file.ts";
import { mergeSync } from "../../store/sync.ts";
import type { RepositorySyncData, SyncListing, SyncPosition, SyncTail } from "../events.ts";
import { askGitHub, toContext, type CaptureDependencies, type CaptureRun } from "./capture.ts";
import {
  toReviewCommentItems,
  toSyncPage,
  toTailsPage,
  toUnread,
  toWalked,
  type SyncPage,
} from "./sync-page.ts";
import type { PullRequestsRead, ReviewCommentsRead } from "./sync-position.ts";

export type SyncRun = CaptureRun<RepositorySyncData>;

/** What is left to be read of a page's pull requests. */
type Unread = Pick<SyncPage, "tails" | "listings">;

/** When the budget allows the next page; null: at once. */
interface Paced {
  waitUntil: string | null;
}

/** What the steps of a sync do: each reads one page from GitHub and stores it, in one transaction. */
export interface SyncSteps {
  captureReviewComments(run: SyncRun, position: SyncPosition): Promise<ReviewCommentsRead & Paced>;
  /** Null when GitHub found it too much at once. */
  capturePullRequests(
    run: SyncRun,
    position: SyncPosition,
  ): Promise<(PullRequestsRead & Unread & Paced) | null>;
  /** Null when GitHub found it too much at once. */
  captureTails(run: SyncRun, tails: readonly SyncTail[]): Promise<(Unread & Paced) | null>;
  captureListing(run: SyncRun, listing: SyncListing): Promise<Unread & Paced>;
}

/** `budgetReserve`: the share of an installation's budget that is left to live captures, 0 to 1. */
export function createSyncSteps({
  store,
  github,
  budgetReserve,
}: Pick<CaptureDependencies, "store" | "github"> & { budgetReserve: number }): SyncSteps {
  /** The moment until which the rest of the budget is left to live captures; null while there is enough. */
  function waitFor(budget: Budget | null): string | null {
    return budget && budget.remaining < budget.limit * budgetReserve ? budget.resetAt : null;
  }

  async function captureFiles(run: SyncRun, listing: SyncListing): Promise<Unread & Paced> {
    const { number, head, page, files: first } = listing;
    const { data, date, hasMore, budget } = await askGitHub(github, run, (client, { repository }) =>
      listFiles(client, { repository, number }, page),
    );
    const context = toContext(run, { observedAt: date, source: "fetch", requests: 1 });
    const waitUntil = waitFor(budget);
    if ((headOf(data) ?? head.head_sha) !== head.head_sha) {
      await mergeSync(store, context, []); // pushed to since: the next walk meets it
      return { tails: [], listings: [], waitUntil };
    }
    const { changed_files, ...of } = head;
    const read = first + data.length;
    const files = { ...of, first, files: data.map(toFile) };
    const item = hasMore ? { file_page: files } : { files: { ...files, truncated: changed_files > read } };
    await mergeSync(store, context, [{ number, ...item }]);
    return { tails: [], listings: hasMore ? [{ ...listing, page: page + 1, files: read }] : [], waitUntil };
  }

  async function captureReviewCommentsOf(run: SyncRun, listing: SyncListing): Promise<Unread & Paced> {
    const { id, number, head, page } = listing;
    const { data, date, hasMore, budget } = await askGitHub(github, run, (client, { repository }) =>
      listReviewComments(client, { repository, number }, page),
    );
    const accounts = data.map((comment) => comment.user);
    const context = toContext(run, { observedAt: date, source: "fetch", accounts, requests: 1 });
    const beganAt = listing.beganAt ?? date;
    const comments = data.map(toReviewComment);
    const complete = hasMore ? [] : [{ kind: "review" as const, began_at: beganAt }];
    await mergeSync(store, context, [{ number, comments, complete }]);
    const waitUntil = waitFor(budget);
    if (hasMore) return { tails: [], listings: [{ ...listing, page: page + 1, beganAt }], waitUntil };
    // Which threads are resolved could not be kept before their comments.
    const threads: SyncTail = {
      id,
      number,
      head,
      list: "reviewThreads",
      after: null,
      beganAt: date,
      files: 0,
    };
    return { tails: [threads], listings: [], waitUntil };
  }

  return {
    async captureReviewComments(run, { cursor: since, page }) {
      const { data, date, hasMore, budget } = await askGitHub(github, run, (client, { repository }) =>
        listRepositoryReviewComments(client, repository, { since, page }),
      );
      const accounts = data.map((comment) => comment.user);
      const context = toContext(run, { observedAt: date, source: "fetch", accounts, requests: 1 });
      await mergeSync(store, context, toReviewCommentItems(data));
      return { date, last: data.at(-1)?.updated_at ?? null, hasMore, waitUntil: waitFor(budget) };
    },

    async capturePullRequests(run, { cursor: after, pageSize: first, done, walk }) {
      const answer = await askGitHub(github, run, (client, { repository }) =>
        nullWhereTooMuch(first, () => listPullRequests(client, repository, { first, after })),
      );
      if (!answer) return null;
      const { total, date, points, budget } = answer;
      const { until } = walk;
      const changed = answer.pullRequests.filter(
        ({ updatedAt }) => until === null || Date.parse(updatedAt) >= Date.parse(until),
      );
      const { items, accounts, ...lists } = toSyncPage(changed, date);
      const context = toContext(run, { observedAt: date, source: "fetch", accounts, points });
      const isFirst = walk.number === 1;
      const walked = isFirst ? done + changed.length : done;
      const lacks = await mergeSync(store, context, items, {
        done: isFirst ? walked : null,
        total: isFirst && until === null ? total : null,
      });
      return {
        date,
        total,
        cursor: changed.length < answer.pullRequests.length ? null : answer.cursor,
        done: walked,
        met: changed.length > 0,
        ...toUnread(lists, changed.map(toWalked), lacks),
        waitUntil: waitFor(budget),
      };
    },

    async captureTails(run, tails) {
      const answer = await askGitHub(github, run, (client) =>
        nullWhereTooMuch(tails.length, () => listMore(client, tails)),
      );
      if (!answer) return null;
      const { lists, date, points, budget } = answer;
      const { items, accounts, ...left } = toTailsPage(tails, lists, date);
      const context = toContext(run, { observedAt: date, source: "fetch", accounts, points });
      const lacks = await mergeSync(store, context, items);
      const waitUntil = waitFor(budget);
      return { ...toUnread(left, tails, { ...lacks, files: tails.map(({ number }) => number) }), waitUntil };
    },

    captureListing: (run, listing) =>
      listing.list === "files" ? captureFiles(run, listing) : captureReviewCommentsOf(run, listing),
  };
}

/** Null where GitHub found so many too much at once, and fewer can be asked for. */
async function nullWhereTooMuch<Answer>(asked: number, ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    if (asked > 1 && isTooMuchAtOnce(error)) return null;
    throw error;
  }
}
