import { maxListedFiles } from "../../github/list-files.ts";
import { nextCursor } from "../../github/next-cursor.ts";
import { listStart } from "../../github/read-page.ts";
import type { ListName } from "../../github/sync-queries.ts";
import { fromGraphqlActor } from "../../records/graphql-actor.ts";
import {
  fromGraphqlComment,
  fromGraphqlFile,
  isMoved,
  fromGraphqlReview,
  fromGraphqlThread,
  type GraphqlLists,
} from "../../records/graphql-lists.ts";
import type { GitHubAccount } from "../../records/account.ts";
import { type GitHubReviewComment, toReviewComment } from "../../records/comment.ts";
import type { GraphqlPullRequest } from "../../records/graphql-pull-request.ts";
import type { ReadPullRequest } from "../../records/read-graphql-pull-request.ts";
import type { ShownCounts } from "../../records/inventory.ts";
import type { SyncItem, SyncLacks } from "../../store/sync-types.ts";
import type { SyncLeft, SyncListing, SyncTail } from "../events/sync-position-schema.ts";

/** The content of an answer, and what has to be read after it: lists with more pages, lists that only REST has, and parts that GitHub withheld. */
export interface SyncPage {
  items: SyncItem[];
  accounts: (GitHubAccount | null)[];
  tails: SyncTail[];
  listings: SyncListing[];
  left: SyncLeft[];
}

type SyncTarget = Pick<SyncTail, "id" | "number" | "head">;

const listNames = ["files", "reviews", "comments", "reviewThreads"] as const satisfies ListName[];

/** The content of an answer with pull requests at `date`, and what has to be read after it. */
export function toSyncPage(read: readonly ReadPullRequest[], date: string): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], listings: [], left: [] };
  for (const { pullRequest, row, accounts, missing, lacksDetails } of read) {
    const target = toTarget(pullRequest);
    const needsRest = needsRestFiles(pullRequest, { ...target, files: 0 });
    const item: SyncItem = { number: target.number, pull_request: row, shown: toShownCounts(pullRequest) };
    if (needsRest) page.listings.push(toListing(target, "files"));
    for (const list of listNames) {
      if (list === "files" && needsRest) continue;
      const tail: SyncTail = { ...target, list, after: null, beganAt: date, files: 0 };
      const next = missing.includes(list) ? tail : addList(item, tail, pullRequest, date);
      if (next) page.tails.push(next);
    }
    page.items.push(item);
    page.accounts.push(...accounts);
    if (lacksDetails) page.left.push({ number: target.number, parts: ["details"] });
  }
  return page;
}

/** GraphQL counts review comments only together with issue comments. */
function toShownCounts({
  reviews,
  issueComments,
  totalCommentsCount: total,
}: GraphqlPullRequest): ShownCounts {
  const { totalCount } = issueComments;
  return {
    reviews: reviews?.totalCount ?? null,
    issue_comments: totalCount,
    review_comments: total === null || total === undefined ? null : Math.max(total - totalCount, 0),
  };
}

/** The content of the next page of each list, and the lists with more pages. A pull request that was deleted or pushed to has no more pages. */
export function toTailsPage(
  tails: readonly SyncTail[],
  lists: readonly ((GraphqlLists & { headRefOid: string }) | null)[],
  date: string,
): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], listings: [], left: [] };
  for (const [index, tail] of tails.entries()) {
    const found = lists[index];
    if (!found || (tail.list === "files" && found.headRefOid !== tail.head.head_sha)) continue;
    if (tail.list === "files" && needsRestFiles(found, tail)) {
      page.listings.push(toListing(tail, "files"));
      continue;
    }
    const item: SyncItem = { number: tail.number };
    const next = addList(item, tail, found, date);
    if (next) page.tails.push(next);
    page.items.push(item);
    page.accounts.push(...authorsOf(found));
  }
  return page;
}

/**
 * What is left to read after a page is stored: no files that are captured already, unless GraphQL listed too few of them, and the review
 * comments of pull requests that lack one, or have another number than GitHub counts.
 */
export function toUnread(
  { tails, listings }: Pick<SyncPage, "tails" | "listings">,
  read: readonly GraphqlPullRequest[],
  lacks: SyncLacks,
): Pick<SyncPage, "tails" | "listings"> {
  const short = read.filter((each) => isShort(each, { ...toTarget(each), files: 0 }));
  const unread = new Set([...lacks.files, ...short.map(({ number }) => number)]);
  const isLacking = ({ list, number }: SyncTail | SyncListing) => list !== "files" || unread.has(number);
  const unlisted = new Set([...lacks.threads, ...lacks.review_comments]);
  return {
    tails: tails.filter(isLacking),
    listings: [
      ...listings.filter(isLacking),
      ...read
        .filter(({ number }) => unlisted.has(number))
        .map((pullRequest) => toListing(toTarget(pullRequest), "review_comments")),
    ],
  };
}

function toTarget({ id, number, headRefOid, baseRefName, changedFiles }: GraphqlPullRequest): SyncTarget {
  return { id, number, head: { head_sha: headRefOid, base_ref: baseRefName, changed_files: changedFiles } };
}

function toListing({ id, number, head }: SyncTarget, list: SyncListing["list"]): SyncListing {
  return { id, number, head, list, position: listStart };
}

/** Groups review comments by pull request. */
export function toReviewCommentItems(
  comments: readonly { number: number; comment: GitHubReviewComment }[],
): SyncItem[] {
  const numbers = [...new Set(comments.map(({ number }) => number))];
  return numbers.map((number) => ({
    number,
    comments: comments
      .filter((each) => each.number === number)
      .map(({ comment }) => toReviewComment(comment)),
  }));
}

/** Adds a page of a list to the item. Returns the list's tail, or null at its end. */
function addList(item: SyncItem, tail: SyncTail, lists: GraphqlLists, date: string): SyncTail | null {
  if (!lists[tail.list] && tail.list !== "files") return null; // GitHub could not load it
  const { pageInfo } = lists[tail.list] ?? {};
  const after = pageInfo ? nextCursor(pageInfo, tail.after) : null;
  switch (tail.list) {
    case "files": {
      const { head_sha, base_ref, changed_files } = tail.head;
      const files = (lists.files?.nodes.map(fromGraphqlFile) ?? []).slice(0, maxListedFiles - tail.files);
      const page = { head_sha, base_ref, first: tail.files, files };
      const read = tail.files + files.length;
      if (after !== null && read < maxListedFiles) {
        item.file_page = page;
        return { ...tail, after, files: read };
      }
      item.files = { ...page, truncated: changed_files > maxListedFiles };
      return null;
    }
    case "reviews":
      item.reviews = lists.reviews?.nodes.flatMap((review) => fromGraphqlReview(review, date) ?? []) ?? [];
      break;
    case "comments":
      item.comments = lists.comments?.nodes.map(fromGraphqlComment) ?? [];
      break;
    case "reviewThreads":
      item.threads = lists.reviewThreads?.nodes.flatMap((thread) => fromGraphqlThread(thread) ?? []) ?? [];
      break;
  }
  if (after !== null) return { ...tail, after };
  const kind = { reviews: "reviews", comments: "issue_comments", reviewThreads: null } as const;
  const ended = kind[tail.list];
  const { totalCount: total = null, nodes = [] } = lists[tail.list] ?? {};
  // A list in one answer, as long as GitHub counts, is complete. A list in several answers may have shifted between them.
  const proven = tail.after === null && nodes.length === total;
  if (ended)
    item.complete = [...(item.complete ?? []), { kind: ended, began_at: tail.beganAt, proven, total }];
  return null;
}

/** True when only REST can list the files: GraphQL lacks the previous name of a renamed one, or some of them. */
function needsRestFiles(lists: GraphqlLists, tail: Pick<SyncTail, "head" | "files">): boolean {
  return (lists.files?.nodes.some(isMoved) ?? false) || isShort(lists, tail);
}

/** True when the list of files ends with fewer than GitHub counts. `files` is the number on the pages before. */
function isShort({ files: page }: GraphqlLists, { head, files }: Pick<SyncTail, "head" | "files">): boolean {
  const read = files + (page?.nodes.length ?? 0);
  return !page?.pageInfo.hasNextPage && read < Math.min(head.changed_files, maxListedFiles);
}

function authorsOf({ reviews, comments }: GraphqlLists): (GitHubAccount | null)[] {
  return [...(reviews?.nodes ?? []), ...(comments?.nodes ?? [])].map(({ author }) =>
    fromGraphqlActor(author),
  );
}
