import { maxListedFiles } from "../../github/list-files.ts";
import type { OpenList } from "../../github/list-more.ts";
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
import type { SyncItem } from "../../store/functions.ts";

/** A list that goes on beyond the page it came with. `beganAt` is when its first page was read; `files` is how many of them have been. */
export interface Tail extends OpenList {
  number: number;
  beganAt: string;
  head: Head;
  files: number;
}

/** A pull request whose files have to be listed by REST: GraphQL does not tell the former names of renamed ones. */
export interface Renamed {
  number: number;
  head: Head;
}

/** What the files belong to, and how many GitHub counts. */
export interface Head {
  head_sha: string;
  base_ref: string;
  changed_files: number;
}

export interface SyncPage {
  items: SyncItem[];
  accounts: (GitHubAccount | null)[];
  tails: Tail[];
  renamed: Renamed[];
}

const listNames = ["files", "reviews", "comments", "reviewThreads"] as const satisfies ListName[];

/** What a page of pull requests, answered at `date`, brings at once, and what has to be asked for after it. */
export function toSyncPage(pullRequests: readonly GraphqlPullRequest[], date: string): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], renamed: [] };
  for (const pullRequest of pullRequests) {
    const { number } = pullRequest;
    const head = {
      head_sha: pullRequest.headRefOid,
      base_ref: pullRequest.baseRefName,
      changed_files: pullRequest.changedFiles,
    };
    const isRenamed = hasRenamed(pullRequest);
    const item: SyncItem = { number, pull_request: fromGraphqlPullRequest(pullRequest) };
    if (isRenamed) page.renamed.push({ number, head });
    for (const list of listNames) {
      if (list === "files" && isRenamed) continue;
      const tail: Tail = { id: pullRequest.id, number, list, after: null, beganAt: date, head, files: 0 };
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
  tails: readonly Tail[],
  lists: readonly ((GraphqlLists & { headRefOid: string }) | null)[],
  date: string,
): SyncPage {
  const page: SyncPage = { items: [], accounts: [], tails: [], renamed: [] };
  for (const [index, tail] of tails.entries()) {
    const found = lists[index];
    if (!found || (tail.list === "files" && found.headRefOid !== tail.head.head_sha)) continue;
    if (tail.list === "files" && hasRenamed(found)) {
      page.renamed.push({ number: tail.number, head: tail.head });
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

/** Review comments by pull request, in the order of their numbers. */
export function toReviewCommentItems(comments: readonly NumberedReviewComment[]): SyncItem[] {
  const numbers = [...new Set(comments.map((comment) => comment.number))];
  return numbers.map((number) => ({
    number,
    comments: comments.filter((comment) => comment.number === number).map(toReviewComment),
  }));
}

/** Adds one list's page to the item. Returns the list's tail where it goes on, null where it ends. */
function addList(item: SyncItem, tail: Tail, lists: GraphqlLists, date: string): Tail | null {
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
