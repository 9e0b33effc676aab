/** Where a sync stands after each of its pages. Pure, so that a run finds the same way each time it is re-entered. */
import type { SyncPosition } from "../events.ts";

/** Pull requests in one query: begun with, grown by after each success, at most; and where little is expected. */
const pageSize = { first: 50, growth: 10, most: 100, again: 10 };

/** A repository in which something is updated at every moment is not walked for ever: webhooks tell the rest. */
const mostWalks = 5;

/** Of the second before the last, whether `since` means after that moment or from it on. */
const overlapMs = 1000;

export function beginSync(job: string, since: string | undefined): SyncPosition {
  return {
    job,
    beganAt: "",
    stage: "review-comments",
    cursor: since ?? null,
    page: 1,
    pageSize: pageSize.first,
    done: 0,
    walk: { number: 1, until: since ?? null, beganAt: null, met: false },
    counted: null,
    tails: [],
    listings: [],
  };
}

/** A page of review comments, oldest update first. */
export interface ReviewCommentsRead {
  date: string;
  /** `updated_at` of the last of them; null when there was none. */
  last: string | null;
  hasMore: boolean;
}

/**
 * Goes on from the moment that was reached, not by page numbers: a comment that is deleted meanwhile would move all later ones towards the
 * beginning, and one of them past the reader. Page numbers serve where more than a page is of one moment.
 */
export function afterReviewComments(position: SyncPosition, read: ReviewCommentsRead): SyncPosition {
  const now = { ...position, beganAt: position.beganAt || read.date };
  if (!read.hasMore || read.last === null) return { ...now, stage: "pull-requests", cursor: null, page: 1 };
  const reached = Date.parse(read.last) - overlapMs;
  return position.cursor !== null && reached <= Date.parse(position.cursor)
    ? { ...now, page: position.page + 1 }
    : { ...now, cursor: new Date(reached).toISOString(), page: 1 };
}

/** A page of pull requests. `done` counts those of the first walk; `cursor` is null where the walk ends, `met` whether it met any. */
export interface PullRequestsRead {
  date: string;
  total: number;
  cursor: string | null;
  done: number;
  met: boolean;
}

/** The next page of the walk. Where it ends, the next walk, unless it met nothing that had been updated while the one before went on. */
export function afterPullRequests(position: SyncPosition, read: PullRequestsRead): SyncPosition {
  const { number, until, beganAt, met } = position.walk;
  const walk = { number, until, beganAt: beganAt ?? read.date, met: met || read.met };
  const now: SyncPosition = {
    ...position,
    cursor: read.cursor,
    done: read.done,
    counted: { pull_requests: read.total, counted_at: read.date },
    pageSize: Math.min(position.pageSize + pageSize.growth, pageSize.most),
    walk,
  };
  if (read.cursor !== null) return now;
  if ((number > 1 && !walk.met) || number === mostWalks) return { ...now, stage: "rest" };
  const next = { number: number + 1, until: walk.beganAt, beganAt: null, met: false };
  return { ...now, pageSize: pageSize.again, walk: next };
}

/** GitHub found the page too much at once. */
export function afterTooMuch(position: SyncPosition): SyncPosition {
  return { ...position, pageSize: Math.ceil(position.pageSize / 2) };
}
