import {
  commentLists,
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  type CaptureEvent,
  type CommentList,
  type PullRequestCommentsData,
} from "../events.ts";

/** Events that can lose their `observed`: their captures fetch it from GitHub. */
const fetchable: readonly string[] = [pullRequestDetails, pullRequestReviews, pullRequestComments].map(
  ({ name }) => name,
);

/** Removes `observed` if the capture can fetch it, and keeps which lists may have changed. */
export function withoutObserved({ name, data }: Pick<CaptureEvent, "name" | "data">): CaptureEvent["data"] {
  if (!fetchable.includes(name)) return data;
  const { observed, ...rest } = data;
  const kind: unknown = Object(observed).kind;
  return isObservedKind(kind) ? { ...rest, lists: listsOfKind[kind] } : rest;
}

/** The lists that an observed comment or thread belongs to. A review comment's payload does not show its thread. */
const listsOfKind = {
  issue: ["issue_comments"],
  review: ["review_comments"],
  thread: ["review_comments", "review_threads"],
} satisfies Record<string, CommentList[]>;

function isObservedKind(kind: unknown): kind is keyof typeof listsOfKind {
  return typeof kind === "string" && Object.hasOwn(listsOfKind, kind);
}

/** The lists that a capture of comments reads from GitHub. */
export function commentListsOf({
  observed,
  lists,
}: Pick<PullRequestCommentsData, "observed" | "lists">): readonly CommentList[] {
  if (observed) return listsOfKind[observed.kind];
  return lists ?? commentLists.element.options;
}
