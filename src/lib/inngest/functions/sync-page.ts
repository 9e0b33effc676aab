import { maxListedFiles } from "../../github/list-files.ts";
import type { NumberedReviewComment } from "../../github/list-comments.ts";
import type { ListName } from "../../github/sync-queries.ts";
import {
  fromGraphqlAccounts,
  fromGraphqlActor,
  fromGraphqlComment,
  fromGraphqlFile,
  fromGraphqlPullRequest,
  fromGraphqlReview,
  fromGraphqlThread,
} from "../../records/from-graphql.ts";
import type { GitHubAccount } from "../../records/github-objects.ts";
import type { GraphqlLists, GraphqlPullRequest } from "../../records/graphql-objects.ts";
import { toReviewComment } from "../../records/to-comment.ts";
import type { SyncItem, SyncLacks } from "../../store/functions.ts";
import type { SyncListing, SyncTail } from "../events.ts";

/** What a page brings, and what has to be asked for after it: lists that go on, and lists that only REST tells. */
export interface SyncPage {
  items: SyncItem[];
  accounts: (GitHubAccount | null)[];
  tails: SyncTail[];
  listings: SyncListing[];
}

type Walked = Pick<SyncTail, "id" | "number" | "head">;

const listNames = ["files", "reviews", "comments", "reviewThreads"] as const satisfies ListName[];

/** What a page of pull requests, answered at `date`, brings at once, and what has to be asked for after it. */
export function toSyncPage(pullRequests: readonly GraphqlPullRequest[], date: string): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], listings: [] };
  for (const pullRequest of pullRequests) {
    const walked = toWalked(pullRequest);
    const isUntold = hasRenamed(pullRequest) || (!pullRequest.files && pullRequest.changedFiles > 0);
    const item: SyncItem = { number: walked.number, pull_request: fromGraphqlPullRequest(pullRequest) };
    if (isUntold) page.listings.push(toListing(walked, "files"));
    for (const list of listNames) {
      if (list === "files" && isUntold) continue;
      const tail: SyncTail = { ...walked, list, after: null, beganAt: date, files: 0 };
      const next = addList(item, tail, pullRequest, date);
      if (next) page.tails.push(next);
    }
    page.items.push(item);
    page.accounts.push(...fromGraphqlAccounts(pullRequest), ...authorsOf(pullRequest));
  }
  return page;
}

/** What the next page of each list brings, and the lists that still go on. A pull request that is gone, or was pushed to, brings nothing more. */
export function toTailsPage(
  tails: readonly SyncTail[],
  lists: readonly ((GraphqlLists & { headRefOid: string }) | null)[],
  date: string,
): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], listings: [] };
  for (const [index, tail] of tails.entries()) {
    const found = lists[index];
    if (!found || (tail.list === "files" && found.headRefOid !== tail.head.head_sha)) continue;
    if (tail.list === "files" && hasRenamed(found)) {
      page.listings.push(toListing(tail, "files")); // GraphQL does not tell the former names
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

/** What is still to be read once a page is stored: no files that are captured already, and review comments where a thread's first is not. */
export function toUnread(
  { tails, listings }: Pick<SyncPage, "tails" | "listings">,
  walked: readonly Walked[],
  lacks: SyncLacks,
): Pick<SyncPage, "tails" | "listings"> {
  const isLacking = ({ list, number }: SyncTail | SyncListing) =>
    list !== "files" || lacks.files.includes(number);
  return {
    tails: tails.filter(isLacking),
    listings: [
      ...listings.filter(isLacking),
      ...walked
        .filter(({ number }) => lacks.review_comments.includes(number))
        .map((each) => toListing(each, "reviewComments")),
    ],
  };
}

export function toWalked({ id, number, headRefOid, baseRefName, changedFiles }: GraphqlPullRequest): Walked {
  return { id, number, head: { head_sha: headRefOid, base_ref: baseRefName, changed_files: changedFiles } };
}

function toListing({ id, number, head }: Walked, list: SyncListing["list"]): SyncListing {
  return { id, number, head, list, page: 1, beganAt: null, files: 0 };
}

/** Review comments by pull request, in the order of their numbers. */
export function toReviewCommentItems(comments: readonly NumberedReviewComment[]): SyncItem[] {
  const numbers = [...new Set(comments.map((comment) => comment.number))];
  return numbers.map((number) => ({
    number,
    comments: comments.filter((comment) => comment.number === number).map(toReviewComment),
  }));
}

/** Adds one list's page to the item. Returns the list's tail where it goes on, null where it ends. */
function addList(item: SyncItem, tail: SyncTail, lists: GraphqlLists, date: string): SyncTail | null {
  if (!lists[tail.list] && tail.list !== "files") return null; // GitHub could not load it: this tells nothing
  const { hasNextPage = false, endCursor: after = null } = lists[tail.list]?.pageInfo ?? {};
  switch (tail.list) {
    case "files": {
      const { head_sha, base_ref, changed_files } = tail.head;
      const files = (lists.files?.nodes.map(fromGraphqlFile) ?? []).slice(0, maxListedFiles - tail.files);
      const page = { head_sha, base_ref, first: tail.files, files };
      const read = tail.files + files.length;
      if (hasNextPage && read < maxListedFiles) {
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
  if (hasNextPage) return { ...tail, after };
  const kind = { reviews: "submitted", comments: "issue", reviewThreads: null } as const;
  const ended = kind[tail.list];
  if (ended) item.complete = [...(item.complete ?? []), { kind: ended, began_at: tail.beganAt }];
  return null;
}

function hasRenamed({ files }: GraphqlLists): boolean {
  return files?.nodes.some((file) => file.changeType === "RENAMED" || file.changeType === "COPIED") ?? false;
}

function authorsOf({ reviews, comments }: GraphqlLists): (GitHubAccount | null)[] {
  return [...(reviews?.nodes ?? []), ...(comments?.nodes ?? [])].map(({ author }) =>
    fromGraphqlActor(author),
  );
}
