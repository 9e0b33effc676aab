import type { PullRequestView } from "../../../api/console-contract.ts";

export type TimelineEntry = PullRequestView["timeline"][number];

/** A first review comment and the replies to it, oldest first. If the first was never captured, the oldest reply takes its place. */
export interface Thread {
  first: TimelineEntry;
  replies: TimelineEntry[];
}

/** `repliesIn` counts the threads that a review replies to. */
export type TimelineItem =
  | { is: "opened" | "merged" | "closed"; at: string; author: string | null; body: string | null }
  | { is: "review"; at: string; entry: TimelineEntry; threads: Thread[]; repliesIn: number }
  | { is: "thread"; at: string; thread: Thread }
  | { is: "comment"; at: string; entry: TimelineEntry };

/** Orders all that happened to a pull request. A thread is at its first comment, within its review. */
export function toTimeline(view: PullRequestView): TimelineItem[] {
  const { timeline } = view;
  const threads = toThreads(timeline);
  const reviews = timeline.filter(({ kind }) => kind === "review");
  const known = new Set(reviews.map(({ id }) => id));
  const isOfReview = ({ first }: Thread) => first.review_id !== null && known.has(first.review_id);
  const items: TimelineItem[] = [
    ...toStateChanges(view),
    ...reviews.map((entry) => ({
      is: "review" as const,
      at: entry.at,
      entry,
      threads: threads.filter(({ first }) => first.review_id === entry.id),
      repliesIn: threads.filter(({ replies }) => replies.some(({ review_id }) => review_id === entry.id))
        .length,
    })),
    ...threads
      .filter((thread) => !isOfReview(thread))
      .map((thread) => ({ is: "thread" as const, at: thread.first.at, thread })),
    ...timeline
      .filter(({ kind }) => kind === "issue_comment")
      .map((entry) => ({ is: "comment" as const, at: entry.at, entry })),
  ];
  return items.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function toThreads(timeline: readonly TimelineEntry[]): Thread[] {
  const comments = timeline.filter(({ kind }) => kind === "review_comment");
  const byFirst = Map.groupBy(comments, ({ id, in_reply_to_id }) => in_reply_to_id ?? id);
  return [...byFirst.values()].flatMap((thread) => {
    const [first, ...replies] = thread.toSorted(
      (one, other) =>
        Number(one.in_reply_to_id !== null) - Number(other.in_reply_to_id !== null) ||
        Date.parse(one.at) - Date.parse(other.at),
    );
    return first ? [{ first, replies }] : [];
  });
}

function toStateChanges({ facts, author }: PullRequestView): TimelineItem[] {
  const items: TimelineItem[] = [];
  const createdAt = textOf(facts["created_at"]);
  if (createdAt) items.push({ is: "opened", at: createdAt, author, body: textOf(facts["body"]) });
  const mergedAt = textOf(facts["merged_at"]);
  const closedAt = textOf(facts["closed_at"]);
  if (mergedAt) items.push({ is: "merged", at: mergedAt, author: textOf(facts["merged_by_id"]), body: null });
  else if (closedAt) items.push({ is: "closed", at: closedAt, author: null, body: null });
  return items;
}

/** Null for what is no text. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
