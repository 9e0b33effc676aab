import type {
  Account,
  GitHub,
  PullRequest,
  Repository,
  ReviewComment,
} from "../../../src/demo/github/index.ts";
import { submittedReviews } from "../../../src/demo/github/index.ts";

/** Everybody and everything that acts draw on. */
export interface Cast {
  github: GitHub;
  random: () => number;
  people: readonly Account[];
  pullRequests: PullRequest[];
  /** So many texts were written: no two are the same. */
  words: number;
}

/** One pull request, and somebody who does something to it. */
interface Scene {
  github: GitHub;
  pullRequest: PullRequest;
  someone: Account;
  isOpen: boolean;
  /** One of them, or nothing where there are none. */
  oneOf: <Item>(items: readonly Item[]) => Item | undefined;
  text: () => string;
  files: () => { filename: string; additions: number }[];
}

/** One thing that people do. Where it finds nothing to be done to, nothing happens. */
type Act = (scene: Scene) => unknown;

export function createScene(cast: Cast): Scene {
  const { github, random, people } = cast;
  const pullRequest = pickFrom(random, cast.pullRequests);
  return {
    github,
    pullRequest,
    someone: pickFrom(random, people),
    isOpen: pullRequest.state === "open",
    oneOf: (items) => (items.length > 0 ? pickFrom(random, items) : undefined),
    text: () => `Text ${++cast.words}`,
    files: () => someFiles(random),
  };
}

/** In each repository in turn. */
export function openPullRequest(
  { github, random, people, pullRequests }: Cast,
  repositories: readonly Repository[],
): void {
  const repository = repositories[pullRequests.length % repositories.length];
  if (!repository) throw new Error("There is no repository.");
  const author = pickFrom(random, people);
  pullRequests.push(github.openPullRequest({ repository, author, files: someFiles(random) }));
}

export function pickFrom<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("There is nothing to pick from.");
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
const verdicts = ["APPROVED", "CHANGES_REQUESTED", "COMMENTED"] as const;

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

/** Both deliveries are on the way together, so the deletion often overtakes the creation. */
const commentAndThinkBetter: Act = ({ github, pullRequest, someone, text }) =>
  github.deleteIssueComment(github.createIssueComment({ on: pullRequest, author: someone, body: text() }));

const review: Act = ({ github, pullRequest, someone, oneOf, text }) =>
  github.submitReview({
    pullRequest,
    author: someone,
    state: oneOf(verdicts) ?? "COMMENTED",
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

const remark: Act = ({ github, pullRequest, someone, text }) =>
  github.createReviewComment({ pullRequest, author: someone, body: text() });

const answerRemark: Act = ({ github, pullRequest, someone, oneOf, text }) => {
  const inReplyTo = oneOf(remarksOn(pullRequest));
  if (inReplyTo) github.createReviewComment({ pullRequest, author: someone, body: text(), inReplyTo });
};

const editRemark: Act = ({ github, pullRequest, oneOf, text }) => {
  const edited = oneOf(remarksOn(pullRequest));
  if (edited) github.editReviewComment(edited, text());
};

const deleteRemark: Act = ({ github, pullRequest, oneOf }) => {
  const deleted = oneOf(remarksOn(pullRequest));
  if (deleted) github.deleteReviewComment(deleted);
};

const remarkAndThinkBetter: Act = ({ github, pullRequest, someone, text }) =>
  github.deleteReviewComment(github.createReviewComment({ pullRequest, author: someone, body: text() }));

const resolveThread: Act = ({ github, pullRequest, oneOf }) => {
  const thread = oneOf(pullRequest.threads.filter(({ resolvedBy }) => resolvedBy === null));
  if (thread) github.resolveThread(thread);
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

function remarksOn({ threads }: PullRequest): ReviewComment[] {
  return threads.flatMap((thread) => thread.comments);
}

/** The acts, each as often as it is likely. */
export const acts: readonly Act[] = [
  ...times(14, comment),
  ...times(7, editComment),
  ...times(4, deleteComment),
  ...times(4, commentAndThinkBetter),
  ...times(10, review),
  ...times(4, editReview),
  ...times(4, dismissReview),
  ...times(4, remark),
  ...times(6, answerRemark),
  ...times(5, editRemark),
  ...times(3, deleteRemark),
  ...times(2, remarkAndThinkBetter),
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
