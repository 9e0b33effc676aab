/** The steps of a sync. Each reads from GitHub, and stores the answer in one transaction. */
import { confirmName } from "../../github/confirm-name.ts";
import { reviewCommentsListing, reviewCommentsOfRepository } from "../../github/list-comments.ts";
import { filesListing } from "../../github/list-files.ts";
import { listMore } from "../../github/list-more.ts";
import { listStart, readPage } from "../../github/read-page.ts";
import { readPullRequests } from "../../github/read-pull-requests.ts";
import { toReviewComment } from "../../records/comment.ts";
import { headOf, toFile } from "../../records/file.ts";
import { storeInParts } from "../../store/store-in-parts.ts";
import { isUnstorable } from "../../store/store.ts";
import {
  findAbsentReviewComments as findAbsent,
  leaveUnread,
  mergeSync,
  nextToRead,
} from "../../store/sync.ts";
import type { SyncLacks } from "../../store/sync-types.ts";
import type { SyncLeft, SyncListing, SyncPosition, SyncTail } from "../events/sync-position-schema.ts";
import { askGitHub, toContext, toUnobservedContext } from "../captures/capture.ts";
import { toReviewCommentItems, toSyncPage, toTailsPage, toUnread } from "./sync-page.ts";
import { nullIfRefused, nullIfTooMuch } from "./give-up.ts";
import type { BatchRead, ReviewCommentsRead, Unread } from "./sync-position.ts";
import type { Paced, SyncRun, SyncStepDependencies } from "./sync-run.ts";

const allParts: SyncLeft["parts"] = ["details", "reviews", "issue_comments", "review_comments"];
const toUnproven = ({ number, kind }: SyncLacks["unproven"][number]): SyncLeft => ({
  number,
  parts: [kind],
});
const nothing: Unread = { tails: [], listings: [], left: [] };

export function createSyncSteps({ store, github, waitFor }: SyncStepDependencies) {
  async function listReviewComments(
    run: SyncRun,
    { reviewComments: { since, list } }: SyncPosition,
  ): Promise<ReviewCommentsRead & Paced> {
    const page = await askGitHub(github, run, (client, { repository }) =>
      nullIfRefused(run, () =>
        readPage(client, reviewCommentsOfRepository(repository, since), list, run.attempt),
      ),
    );
    if (!page) {
      // Pull requests with more threads or comments than listed are listed one by one later.
      const date = new Date(github.now()).toISOString();
      return { date, last: null, next: null, isComplete: false, left: [], waitUntil: null };
    }
    const readable = page.data.flatMap(({ number, comment }) => (comment ? [{ number, comment }] : []));
    const unreadable = page.data.flatMap(({ number, comment }) => (comment ? [] : [number]));
    const accounts = readable.map(({ comment }) => comment.user);
    const stored = await storeInParts(toReviewCommentItems(readable), (items, isFirst) => {
      const requests = isFirst ? page.requests : 0;
      const context = toContext(run, { observedAt: page.date, source: "fetch", accounts, requests });
      return mergeSync(store, context, items);
    });
    const left = [...unreadable, ...stored.refused.map(({ item }) => item.number)];
    return {
      date: page.date,
      last: page.data.at(-1)?.updated_at ?? null,
      next: page.next,
      isComplete: left.length + page.unreadable.length === 0,
      left: [...new Set(left)].map((number) => ({ number, parts: ["review_comments"] })),
      waitUntil: waitFor(page.budget),
    };
  }

  async function readBatch(
    run: SyncRun,
    position: SyncPosition,
    { numbers, max }: { numbers: number[] | null; max: number },
  ): Promise<BatchRead & Paced> {
    const { since, scope = "all", repository, inventory = false } = run.event.data;
    const { beganAt, done } = position;
    const { items: next, remaining } = await nextToRead(store, {
      repository_id: repository.id,
      sync: position.job,
      since: since ?? null,
      unless_current: scope !== "all",
      gaps: scope === "gaps",
      began_at: beganAt,
      max_items: numbers?.length ?? max,
      numbers,
      retry_left: inventory, // daily, or requested manually
    });
    const asked = next.map(({ number }) => number);
    if (next.length === 0) return { ...nothing, asked, failed: [], waitUntil: null };

    const batch = await askGitHub(github, run, (client) =>
      nullIfTooMuch(
        client,
        async () => {
          const answer = await readPullRequests(
            client,
            next.map(({ node_id }) => node_id),
          );
          const page = toSyncPage(
            answer.pullRequests.flatMap((each) => each ?? []),
            answer.date,
          );
          const { items, accounts, ...unread } = page;
          const { date, points } = answer;
          const context = toContext(run, { observedAt: date, source: "fetch", accounts, points });
          const lacks = await mergeSync(store, context, items, {
            done: done + items.length,
            total: numbers ? null : done + remaining,
          });
          return { answer, unread, lacks };
        },
        next.length === 1,
      ),
    );
    const failed = asked.filter((_, index) => !batch?.answer.pullRequests[index]);
    if (failed.length === 1 && asked.length === 1) {
      const left = failed.map((number) => ({ number, parts: allParts }));
      return { ...nothing, asked, failed: [], left, waitUntil: waitFor(batch?.answer.budget ?? null) };
    }
    if (!batch) return { ...nothing, asked, failed, waitUntil: null };
    const { answer, unread, lacks } = batch;
    const read = answer.pullRequests.flatMap((each) => (each ? [each.pullRequest] : []));
    // The sync has the full list of the repository's review comments, so counts need no further listing.
    const hasListed = scope === "all" && !since && position.reviewComments.isComplete;
    return {
      asked,
      failed,
      ...toUnread(unread, read, hasListed ? { ...lacks, review_comments: [] } : lacks),
      left: [...unread.left, ...lacks.unproven.map(toUnproven)],
      waitUntil: waitFor(answer.budget),
    };
  }

  /** Null if GitHub fails to answer this many together. */
  async function readTails(run: SyncRun, tails: readonly SyncTail[]): Promise<(Unread & Paced) | null> {
    const isSingle = tails.length === 1;
    const batch = await askGitHub(github, run, (client) =>
      nullIfTooMuch(
        client,
        async () => {
          const answer = await listMore(client, tails);
          const isGiven = (_: unknown, index: number) => !answer.failed.includes(index);
          const { items, accounts, ...unread } = toTailsPage(
            tails.filter(isGiven),
            answer.lists.filter(isGiven),
            answer.date,
          );
          const { date, points } = answer;
          const { unproven } = await mergeSync(
            store,
            toContext(run, { observedAt: date, source: "fetch", accounts, points }),
            items,
          );
          const left = [
            ...tails.filter((_, index) => answer.failed.includes(index)).map(toLeft),
            ...unproven.map(toUnproven),
          ];
          return { unread: { ...unread, left }, budget: answer.budget };
        },
        isSingle,
      ),
    );
    if (batch) return { ...batch.unread, waitUntil: waitFor(batch.budget) };
    return isSingle ? { ...nothing, left: tails.map(toLeft), waitUntil: null } : null;
  }

  async function readFiles(run: SyncRun, listing: SyncListing): Promise<Unread & Paced> {
    const { number, head, position } = listing;
    const page = await askGitHub(github, run, (client, { repository }) =>
      nullIfRefused(run, () => readPage(client, filesListing({ repository, number }), position, run.attempt)),
    );
    if (!page) return { ...nothing, left: [toLeft(listing)], waitUntil: null };
    const waitUntil = waitFor(page.budget);
    const { requests, date } = page;
    const context = toContext(run, { observedAt: date, source: "fetch", requests });
    const isMoved = (headOf(page.data) ?? head.head_sha) !== head.head_sha;
    if (isMoved || page.unreadable.length > 0) {
      await mergeSync(store, context, []);
      // The next sync reads a pull request that was pushed to.
      return { ...nothing, left: isMoved ? [] : [toLeft(listing)], waitUntil };
    }
    const { changed_files, ...of } = head;
    const files = { ...of, first: position.offset, files: page.data.map(toFile) };
    const read = position.offset + page.data.length;
    const item = page.next ? { file_page: files } : { files: { ...files, truncated: changed_files > read } };
    await mergeSync(store, context, [{ number, ...item }]);
    return { ...nothing, listings: page.next ? [{ ...listing, position: page.next }] : [], waitUntil };
  }

  /**
   * Reads one page. A list of more pages, or one that lacks a row, is left to a capture of its own, which detects shifts and requests absent
   * comments.
   */
  async function readReviewComments(run: SyncRun, listing: SyncListing): Promise<Unread & Paced> {
    const { id, number, head } = listing;
    const page = await askGitHub(github, run, async (client, { repository }) => {
      await confirmName(client, repository);
      return nullIfRefused(run, () =>
        readPage(client, reviewCommentsListing({ repository, number }), listStart, run.attempt),
      );
    });
    if (!page) return { ...nothing, left: [toLeft(listing)], waitUntil: null };
    const { date, data } = page;
    const requests = page.requests + 1;
    const accounts = data.map((comment) => comment.user);
    const context = toContext(run, { observedAt: date, source: "fetch", accounts, requests });
    const isWhole = page.next === null && page.unreadable.length === 0;
    const complete = isWhole
      ? [{ kind: "review_comments" as const, began_at: date, proven: false, total: null }]
      : [];
    const item = { number, comments: data.map(toReviewComment), complete };
    const { unproven } = await mergeSync(store, context, [item]);
    const waitUntil = waitFor(page.budget);
    if (!isWhole || unproven.length > 0) return { ...nothing, left: [toLeft(listing)], waitUntil };
    // Threads can be stored only after their comments.
    const threads: SyncTail = {
      id,
      number,
      head,
      list: "reviewThreads",
      after: null,
      beganAt: date,
      files: 0,
    };
    return { ...nothing, tails: data.length > 0 ? [threads] : [], waitUntil };
  }

  /** A list that Postgres cannot store is left to a capture of its own, whose job shows the failure. */
  async function readListing(run: SyncRun, listing: SyncListing): Promise<Unread & Paced> {
    try {
      return await (listing.list === "files" ? readFiles(run, listing) : readReviewComments(run, listing));
    } catch (error) {
      if (!isUnstorable(error)) throw error;
      return { ...nothing, left: [toLeft(listing)], waitUntil: null };
    }
  }

  /** The pull requests with review comments that the repository's complete list lacks. */
  async function findAbsentReviewComments(
    run: SyncRun,
    { beganAt, reviewComments }: SyncPosition,
  ): Promise<number[]> {
    if (!reviewComments.isComplete) return [];
    return findAbsent(store, { repository_id: run.event.data.repository.id, began_at: beganAt });
  }

  async function leave(run: SyncRun, left: readonly SyncLeft[], beganAt: string): Promise<void> {
    for (const part of allParts) {
      const numbers = left.filter(({ parts }) => parts.includes(part)).map(({ number }) => number);
      if (numbers.length > 0)
        await leaveUnread(store, toUnobservedContext(run), { numbers, parts: [part], began_at: beganAt });
    }
  }

  return {
    listReviewComments,
    readBatch,
    readTails,
    readListing,
    findAbsentReviewComments,
    leave,
  };
}

export function toLeft({ number, list }: Pick<SyncListing | SyncTail, "number" | "list">): SyncLeft {
  const part = {
    files: "details",
    reviews: "reviews",
    comments: "issue_comments",
    reviewThreads: "review_comments",
    review_comments: "review_comments",
  } as const;
  return { number, parts: [part[list]] };
}
