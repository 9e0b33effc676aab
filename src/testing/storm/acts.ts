import {
  type Account,
  type FakeGitHub,
  type PullRequest,
  type Repository,
  type ReviewComment,
  submittedReviews,
} from "../../fake-github/index.ts";
import type { Trouble } from "./troubles.ts";

/** What the acts of a storm use. */
export interface Cast {
  github: FakeGitHub;
  random: () => number;
  people: readonly Account[];
  pullRequests: PullRequest[];
  /** The number of texts so far, which makes each one unique. */
  textCount: number;
  /** All acts, each as often as it is likely. */
  acts: readonly Act[];
  /** The fake GitHub fails every query that would return one of these. */
  poisoned: ReadonlySet<PullRequest>;
}

/** A pull request and an account that acts on it. */
interface Scene {
  github: FakeGitHub;
  pullRequest: PullRequest;
  someone: Account;
  isOpen: boolean;
  /** False for a poisoned pull request: only GraphQL says whether a thread is resolved, so a lost webhook could not be repaired. */
  canResolveThreads: boolean;
  /** Picks an item, or returns undefined for an empty list. */
  oneOf: <Item>(items: readonly Item[]) => Item | undefined;
  text: () => string;
  files: () => { filename: string; additions: number }[];
}

/** Something that people do. It does nothing when the pull request has nothing to act on. */
export type Act = (scene: Scene) => unknown;

export function createStormScene(cast: Cast): Scene {
  const { github, random, people } = cast;
  const pullRequest = pickFrom(random, cast.pullRequests);
  return {
    github,
    pullRequest,
    someone: pickFrom(random, people),
    isOpen: pullRequest.state === "open",
    canResolveThreads: !cast.poisoned.has(pullRequest),
    oneOf: (items) => (items.length > 0 ? pickFrom(random, items) : undefined),
    text: () => `Text ${++cast.textCount}`,
    files: () => someFiles(random),
  };
}

/** Opens a pull request, in each repository in turn. */
export function addPullRequest(
  { github, random, people, pullRequests }: Cast,
  repositories: readonly Repository[],
): PullRequest {
  const repository = repositories[pullRequests.length % repositories.length];
  if (!repository) throw new Error("There is no repository.");
  const author = pickFrom(random, people);
  const opened = github.openPullRequest({ repository, author, files: someFiles(random) });
  pullRequests.push(opened);
  return opened;
}

export function pickFrom<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("The list is empty.");
  return item;
}

function someFiles(random: () => number) {
  const count = 1 + Math.floor(random() * 4);
  return Array.from({ length: count }, (_, index) => ({
    filename: `src/part-${index}.ts`,
    additions: 1 + Math.floor(random() * 50),
  }));
}

const labels = ["bug", "feature", "docs", "chore", "security"];
const reviewStates = ["APPROVED", "CHANGES_REQUESTED", "COMMENTED"] as const;

const comment: Act = ({ github, pullRequest, someone, text }) =>
  github.createIssueComment({ on: pullRequest, author: someone, body: text() });

const editComment: Act = ({ github, pullRequest, oneOf, text }) => {
  const edited = oneOf(pullRequest.comments);
  if (edited) github.editIssueComment(edited, text());
};

const deleteComment: Act = ({ github, pullRequest, oneOf }) => {
  const deleted = oneOf(pullRequest.comments);
  if (deleted) github.deleteIssueComment(deleted);
};

/** Both deliveries wait at the same time, so the deletion often arrives before the creation. */
const commentAndDelete: Act = ({ github, pullRequest, someone, text }) =>
  github.deleteIssueComment(github.createIssueComment({ on: pullRequest, author: someone, body: text() }));

const review: Act = ({ github, pullRequest, someone, oneOf, text }) =>
  github.submitReview({
    pullRequest,
    author: someone,
    state: oneOf(reviewStates) ?? "COMMENTED",
    body: text(),
    comments: Array.from({ length: oneOf([0, 1, 2]) ?? 0 }, () => ({ body: text() })),
  });

const editReview: Act = ({ github, pullRequest, oneOf, text }) => {
  const edited = oneOf(submittedReviews(pullRequest));
  if (edited) github.editReview(edited, text());
};

const dismissReview: Act = ({ github, pullRequest, oneOf }) => {
  const dismissed = oneOf(
    pullRequest.reviews.filter(({ state }) => state === "APPROVED" || state === "CHANGES_REQUESTED"),
  );
  if (dismissed) github.dismissReview(dismissed);
};

const commentOnDiff: Act = ({ github, pullRequest, someone, text }) =>
  github.createReviewComment({ pullRequest, author: someone, body: text() });

const replyOnDiff: Act = ({ github, pullRequest, someone, oneOf, text }) => {
  const inReplyTo = oneOf(reviewCommentsIn(pullRequest));
  if (inReplyTo) github.createReviewComment({ pullRequest, author: someone, body: text(), inReplyTo });
};

const editReviewComment: Act = ({ github, pullRequest, oneOf, text }) => {
  const edited = oneOf(reviewCommentsIn(pullRequest));
  if (edited) github.editReviewComment(edited, text());
};

const deleteReviewComment: Act = ({ github, pullRequest, oneOf }) => {
  const deleted = oneOf(reviewCommentsIn(pullRequest));
  if (deleted) github.deleteReviewComment(deleted);
};

const commentOnDiffAndDelete: Act = ({ github, pullRequest, someone, text }) =>
  github.deleteReviewComment(github.createReviewComment({ pullRequest, author: someone, body: text() }));

const resolveThread: Act = ({ github, pullRequest, canResolveThreads, oneOf }) => {
  const thread = oneOf(pullRequest.threads.filter(({ resolvedBy }) => resolvedBy === null));
  if (thread && canResolveThreads) github.resolveThread(thread);
};

const unresolveThread: Act = ({ github, pullRequest, oneOf }) => {
  const thread = oneOf(pullRequest.threads.filter(({ resolvedBy }) => resolvedBy !== null));
  if (thread) github.unresolveThread(thread);
};

const push: Act = ({ github, pullRequest, isOpen, files }) => {
  if (isOpen) github.push(pullRequest, { files: files() });
};

const edit: Act = ({ github, pullRequest, text }) => github.editPullRequest(pullRequest, { title: text() });

const changeBase: Act = ({ github, pullRequest, isOpen, text, files }) => {
  const ref = text().replace(" ", "-");
  if (isOpen) github.editPullRequest(pullRequest, { base: { ref, files: files() } });
};

const label: Act = ({ github, pullRequest, oneOf }) => {
  const missing = oneOf(labels.filter((name) => pullRequest.labels.every((each) => each.name !== name)));
  if (missing) github.label(pullRequest, missing);
};

const unlabel: Act = ({ github, pullRequest, oneOf }) => {
  const removed = oneOf(pullRequest.labels);
  if (removed) github.unlabel(pullRequest, removed.name);
};

const assign: Act = ({ github, pullRequest, someone }) => github.assign(pullRequest, someone);

const requestReview: Act = ({ github, pullRequest, someone, isOpen }) => {
  if (isOpen && someone !== pullRequest.author) github.requestReview(pullRequest, someone);
};

const close: Act = ({ github, pullRequest, isOpen }) => {
  if (isOpen) github.closePullRequest(pullRequest);
};

const reopen: Act = ({ github, pullRequest, isOpen }) => {
  if (!isOpen && pullRequest.mergedAt === null) github.reopenPullRequest(pullRequest);
};

const merge: Act = ({ github, pullRequest, isOpen, someone }) => {
  if (isOpen) github.mergePullRequest(pullRequest, { by: someone });
};

function reviewCommentsIn({ threads }: PullRequest): ReviewComment[] {
  return threads.flatMap((thread) => thread.comments);
}

const deleteCommentSilently: Act = ({ github, pullRequest, oneOf }) => {
  const deleted = oneOf(pullRequest.comments);
  if (deleted) github.quietly(() => github.deleteIssueComment(deleted));
};

const deleteReviewCommentSilently: Act = ({ github, pullRequest, oneOf }) => {
  const deleted = oneOf(reviewCommentsIn(pullRequest));
  if (deleted) github.quietly(() => github.deleteReviewComment(deleted));
};

/** Renames a label, which changes all pull requests that have it. */
const renameLabel: Act = ({ github, pullRequest, oneOf, text }) => {
  const renamed = oneOf([...pullRequest.repository.labels.values()]);
  if (renamed) github.renameLabel(renamed, text());
};

/** Returns the acts of a storm with these troubles. */
export function actsWith(troubles: ReadonlySet<Trouble>): readonly Act[] {
  return [
    ...usual,
    ...(troubles.has("silence")
      ? [...times(1, deleteCommentSilently), ...times(1, deleteReviewCommentSilently)]
      : []),
    ...(troubles.has("renames") ? times(1, renameLabel) : []),
  ];
}

const usual: readonly Act[] = [
  ...times(14, comment),
  ...times(7, editComment),
  ...times(4, deleteComment),
  ...times(4, commentAndDelete),
  ...times(10, review),
  ...times(4, editReview),
  ...times(4, dismissReview),
  ...times(4, commentOnDiff),
  ...times(6, replyOnDiff),
  ...times(5, editReviewComment),
  ...times(3, deleteReviewComment),
  ...times(2, commentOnDiffAndDelete),
  ...times(4, resolveThread),
  ...times(3, unresolveThread),
  ...times(8, push),
  ...times(6, edit),
  ...times(1, changeBase),
  ...times(6, label),
  ...times(4, unlabel),
  ...times(2, assign),
  ...times(3, requestReview),
  ...times(3, close),
  ...times(5, reopen),
  ...times(1, merge),
];

function times(count: number, act: Act): Act[] {
  return Array.from({ length: count }, () => act);
}
