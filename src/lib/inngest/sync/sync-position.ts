/** The position of a sync, and its next step. Pure, so that a re-entered run takes the same steps. */
import type { InventoryOrder } from "../../github/list-inventory.ts";
import { listStart, type ListPosition } from "../../github/read-page.ts";
import type { RepositorySyncData } from "../events.ts";
import type { SyncLeft, SyncListing, SyncPosition, SyncTail } from "../events/sync-position-schema.ts";

/** The number of pull requests in one query: at first, added after each success, and at most. */
const readBatchSize = { first: 60, growth: 20, max: 100 };

/** The number of pull requests on a page of an inventory: added after each success, and at most. */
const inventoryPageSize = { growth: 10, max: 100 };

/** The maximum number of lists with more pages in one query. */
const maxTails = 25;

/**
 * The number of lists with more pages at which they are read before the next pull requests. Until then they wait, because up to
 * `maxTails` lists together take only as many queries as the longest one has pages.
 */
const maxWaitingTails = 100;

/** GitHub's times are whole seconds, and `since` may or may not include its own. */
const overlapMs = 1000;

export type SyncStep =
  | { do: "list-review-comments" }
  | { do: "take-inventory"; order: InventoryOrder }
  | { do: "read-pull-requests"; numbers: number[] | null; max: number }
  | { do: "find-absent-review-comments" }
  | { do: "read-listing"; listing: SyncListing }
  | { do: "read-tails"; tails: SyncTail[] }
  | { do: "leave"; left: SyncLeft[] }
  | { do: "finish" };

/** What is left to read after a step, and what the step could not read. */
export interface Unread {
  tails: SyncTail[];
  listings: SyncListing[];
  left: SyncLeft[];
}

/**
 * Begins a sync. `inventoried_at` is when the repository's last complete inventory began, or null. A sync without an inventory of its own counts
 * from `began_at`.
 *
 * A sync since a moment lists and reads what was updated since then. A complete inventory, if one is due, comes afterwards. A sync of gaps reads
 * what the last inventory shows, or first takes one if there is none, or one is requested. An inventory comes before the review comments,
 * because it shows which repository has the name now, and they do not.
 */
export function firstPosition(
  job: string,
  { since, scope, inventory }: Pick<RepositorySyncData, "since" | "scope" | "inventory">,
  begun: { inventoried_at: string | null; began_at: string },
): SyncPosition {
  const hasAllGaps = scope === "gaps" && begun.inventoried_at !== null && inventory !== true;
  const isComplete = !hasAllGaps && (begun.inventoried_at === null || inventory === true || !since);
  const comments = scope === "gaps" ? [] : (["review-comments"] as const);
  return {
    job,
    beganAt: hasAllGaps ? begun.began_at : "",
    stages: [
      ...(since && scope !== "gaps" ? (["changed-inventory", ...comments, "read"] as const) : []),
      ...(isComplete ? (["complete-inventory", ...(since ? [] : comments), "read"] as const) : []),
      ...(hasAllGaps ? (["read"] as const) : []),
      ...(scope !== "gaps" && !since ? (["absent-review-comments"] as const) : []),
    ],
    reviewComments: { since: since ?? null, list: listStart, isComplete: scope !== "gaps" },
    inventory: beginInventory("graphql"),
    isInventoried: false,
    counted: null,
    read: { batchSize: readBatchSize.first, retry: [] },
    done: 0,
    maxTails,
    tails: [],
    listings: [],
    left: [],
  };
}

function beginInventory(by: "graphql" | "rest", list: ListPosition = listStart): SyncPosition["inventory"] {
  return { by, cursor: null, pageSize: inventoryPageSize.max, listed: 0, unreadable: 0, list };
}

export function nextStep(position: SyncPosition): SyncStep {
  const { stages, tails, listings, left, read } = position;
  const [stage] = stages;
  const [listing] = listings;
  if (left.length > 0) return { do: "leave", left };
  if (listing) return { do: "read-listing", listing };
  if (tails.length >= (stage ? maxWaitingTails : 1))
    return { do: "read-tails", tails: longestFirst(tails).slice(0, position.maxTails) };
  switch (stage) {
    case "review-comments":
      return { do: "list-review-comments" };
    case "changed-inventory":
      return { do: "take-inventory", order: "updated" };
    case "complete-inventory":
      return { do: "take-inventory", order: "created" };
    case "read":
      return { do: "read-pull-requests", numbers: read.retry[0] ?? null, max: read.batchSize };
    case "absent-review-comments":
      return { do: "find-absent-review-comments" };
    default:
      return { do: "finish" };
  }
}

/** A page of a repository's review comments, oldest update first. */
export interface ReviewCommentsRead {
  date: string;
  /** The `updated_at` of the last one; null if there was none. */
  last: string | null;
  /** Null at the end. */
  next: ListPosition | null;
  /** False if an item could not be read. */
  isComplete: boolean;
  left: SyncLeft[];
}

/**
 * Continues from the last `updated_at`, not by page numbers: a deleted comment moves all later ones forward, and one of them past the reader.
 * Page numbers are used only if more than a page has the same `updated_at`. Such a listing proves no deletions.
 */
export function afterReviewComments(position: SyncPosition, read: ReviewCommentsRead): SyncPosition {
  const { since, isComplete } = position.reviewComments;
  const now = {
    ...position,
    beganAt: position.beganAt || read.date,
    left: [...position.left, ...read.left],
    reviewComments: { since, list: listStart, isComplete: isComplete && read.isComplete },
  };
  if (read.next === null) return endStage(now);
  const reached = read.last === null ? null : Date.parse(read.last) - overlapMs;
  if (reached === null || (since !== null && reached <= Date.parse(since)))
    return { ...now, reviewComments: { since, list: read.next, isComplete: false } };
  const { pageSize } = read.next;
  return {
    ...now,
    reviewComments: {
      ...now.reviewComments,
      since: new Date(reached).toISOString(),
      list: { ...listStart, pageSize },
    },
  };
}

/** A page of an inventory. */
export interface InventoryRead {
  date: string;
  /** GitHub's count of pull requests; null if unknown. */
  total: number | null;
  listed: number;
  /** How many of the page could not be read. */
  unreadable: number;
  isLast: boolean;
  cursor: string | null;
  list: ListPosition | null;
}

/**
 * If GraphQL withheld pull requests, or listed fewer than it counts, REST lists all numbers. What REST cannot list either stays a gap between
 * GitHub's count and the number listed.
 */
export function afterInventory(position: SyncPosition, read: InventoryRead): SyncPosition {
  const { inventory, stages, counted } = position;
  const listed = inventory.listed + read.listed;
  const unreadable = inventory.unreadable + read.unreadable;
  const now: SyncPosition = {
    ...position,
    beganAt: position.beganAt || read.date,
    counted: read.total === null ? counted : { pull_requests: read.total, counted_at: read.date },
    inventory: {
      ...inventory,
      cursor: read.cursor,
      list: read.list ?? listStart,
      pageSize: Math.min(inventory.pageSize + inventoryPageSize.growth, inventoryPageSize.max),
      listed,
      unreadable,
    },
  };
  if (!read.isLast) return now;
  const isComplete = stages[0] === "complete-inventory";
  const isShort = isComplete && listed < (read.total ?? 0);
  if (inventory.by === "graphql" && (unreadable > 0 || isShort))
    return { ...now, inventory: beginInventory("rest") };
  return endStage({
    ...now,
    inventory: beginInventory("graphql"),
    isInventoried: now.isInventoried || isComplete,
    counted:
      now.counted ?? (isComplete ? { pull_requests: listed + unreadable, counted_at: read.date } : null),
  });
}

/**
 * Handles a page that failed: the next page is half as large, and REST is used if not even one pull request can be listed. REST continues near
 * the failed page, or starts over if GraphQL withheld pull requests before.
 */
export function afterFailedInventory(position: SyncPosition): SyncPosition {
  const { inventory, stages } = position;
  if (inventory.pageSize > 1)
    return { ...position, inventory: { ...inventory, pageSize: Math.ceil(inventory.pageSize / 2) } };
  const { max } = inventoryPageSize;
  const canGoOn = stages[0] === "complete-inventory" && inventory.unreadable === 0;
  const offset = canGoOn ? Math.floor(inventory.listed / max) * max : 0;
  return { ...position, inventory: { ...beginInventory("rest", { ...listStart, offset }), listed: offset } };
}

/** A batch of pull requests. */
export interface BatchRead extends Unread {
  /** The numbers requested. None: nothing is left to read. */
  asked: number[];
  /** Those that GitHub did not return, or that could not be read or stored. */
  failed: number[];
}

/** Failed pull requests are read again: in halves if the whole batch failed, otherwise together. */
export function afterBatch(position: SyncPosition, batch: BatchRead): SyncPosition {
  const { asked, failed } = batch;
  const { retry, batchSize } = position.read;
  const isRetry = retry.length > 0;
  if (asked.length === 0 && !isRetry) return endStage(position);
  const hasFailed = failed.length > 0 && failed.length === asked.length;
  const middle = Math.ceil(failed.length / 2);
  const again = hasFailed ? [failed.slice(0, middle), failed.slice(middle)] : [failed];
  return withUnread(
    {
      ...position,
      done: position.done + asked.length - failed.length,
      read: {
        batchSize: hasFailed
          ? Math.min(middle, batchSize)
          : Math.min(batchSize + readBatchSize.growth, readBatchSize.max),
        retry: [...again, ...retry.slice(isRetry ? 1 : 0)].filter((numbers) => numbers.length > 0),
      },
    },
    batch,
  );
}

export function afterListing(position: SyncPosition, read: Unread): SyncPosition {
  return withUnread({ ...position, listings: position.listings.slice(1) }, read);
}

/** Null: the query failed, and the next one is half as large. */
export function afterTails(
  position: SyncPosition,
  tails: readonly SyncTail[],
  read: Unread | null,
): SyncPosition {
  if (!read) return { ...position, maxTails: Math.ceil(tails.length / 2) };
  return withUnread({ ...position, tails: position.tails.filter((tail) => !tails.includes(tail)) }, read);
}

/** Absence from the repository's list proves nothing, so captures of their own request each comment. */
export function afterAbsentReviewComments(position: SyncPosition, numbers: readonly number[]): SyncPosition {
  const left = numbers.map((number) => ({ number, parts: ["review_comments" as const] }));
  return endStage({ ...position, left: [...position.left, ...left] });
}

export function afterLeaving(position: SyncPosition): SyncPosition {
  return { ...position, left: [] };
}

/** Starts with the longest list, which decides the number of queries. Only the length of file lists is known. */
function longestFirst(tails: readonly SyncTail[]): SyncTail[] {
  return tails.toSorted((a, b) => filesLeft(b) - filesLeft(a));
}

function filesLeft({ list, head, files }: SyncTail): number {
  return list === "files" ? head.changed_files - files : 0;
}

function withUnread(position: SyncPosition, { tails, listings, left }: Unread): SyncPosition {
  return {
    ...position,
    tails: [...position.tails, ...tails],
    listings: [...listings, ...position.listings],
    left: [...position.left, ...left],
  };
}

function endStage(position: SyncPosition): SyncPosition {
  return { ...position, stages: position.stages.slice(1) };
}
