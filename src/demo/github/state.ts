/**
 * Everything the stand-in knows. Entities point at each other directly; what a client sees of them is made in `json/` and `graphql/`.
 *
 * account      who acts: a user, a bot, an organization, or a mannequin (an imported author that nobody claimed)
 * installation one account's grant of the App to some or all of its repositories
 * head, base   the branch that a pull request brings, and the one it goes to; a head changes with every push
 * review       one reviewer's verdict; pending until submitted, and then only its author knows of it
 * thread       a review comment and its replies, at one place of the diff
 * delivery     one webhook, whether or not anybody sent it
 *
 * Times are GitHub's: ISO 8601, UTC, whole seconds.
 */
export type AccountType = "User" | "Bot" | "Organization" | "Mannequin";

export interface Account {
  kind: "account";
  id: number;
  type: AccountType;
  /** As REST says it: a bot's ends in `[bot]`. GraphQL leaves that off. */
  login: string;
  name: string | null;
  /** A deleted account keeps what it wrote, which then has no author. */
  deleted: boolean;
  /** Of an organization. */
  members: Set<Account>;
  teams: Team[];
  createdAt: string;
  updatedAt: string;
}

export interface Team {
  kind: "team";
  id: number;
  organization: Account;
  name: string;
  slug: string;
}

export interface Installation {
  kind: "installation";
  id: number;
  account: Account;
  repositorySelection: "all" | "selected";
  repositories: Set<Repository>;
  permissions: Record<string, "read" | "write">;
  events: string[];
  suspendedAt: string | null;
  suspendedBy: Account | null;
  deletedAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Repository {
  kind: "repository";
  id: number;
  owner: Account;
  name: string;
  description: string | null;
  private: boolean;
  archived: boolean;
  fork: boolean;
  defaultBranch: string;
  deleted: boolean;
  /** Issues and pull requests share one numbering. */
  nextNumber: number;
  pullRequests: Map<number, PullRequest>;
  issues: Map<number, Issue>;
  labels: Map<string, Label>;
  milestones: Milestone[];
  collaborators: Set<Account>;
  createdAt: string;
  updatedAt: string;
  pushedAt: string;
}

export interface Label {
  kind: "label";
  id: number;
  repository: Repository;
  name: string;
  color: string;
  description: string | null;
  default: boolean;
  createdAt: string;
}

export interface Milestone {
  kind: "milestone";
  id: number;
  repository: Repository;
  number: number;
  title: string;
  description: string | null;
  creator: Account;
  state: "open" | "closed";
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  dueOn: string | null;
}

/** What an issue and a pull request have in common. */
export interface Discussion {
  /** Of the issue. A pull request has one too, beside its own id. */
  issueId: number;
  number: number;
  repository: Repository;
  author: Account;
  title: string;
  body: string | null;
  state: "open" | "closed";
  locked: boolean;
  lockReason: LockReason | null;
  labels: Label[];
  assignees: Account[];
  milestone: Milestone | null;
  comments: IssueComment[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  lastEditedAt: string | null;
}

export type LockReason = "off-topic" | "too heated" | "resolved" | "spam";

export interface Issue extends Discussion {
  kind: "issue";
}

export interface PullRequest extends Discussion {
  kind: "pull_request";
  id: number;
  draft: boolean;
  mergedAt: string | null;
  mergedBy: Account | null;
  /** Once merged, the merge; before, GitHub's trial merge, if it has made one. */
  mergeCommitSha: string | null;
  /** Null while GitHub has not yet tried the merge: after opening, a push, a new base. */
  mergeable: boolean | null;
  head: { ref: string; sha: string; owner: Account; repository: Repository | null };
  base: { ref: string; sha: string };
  /** Every head there was, oldest first, with the files that the pull request changed then. The last is the present one. */
  heads: { sha: string; files: ChangedFile[]; commits: number; pushedAt: string }[];
  requestedReviewers: Account[];
  requestedTeams: Team[];
  reviews: Review[];
  threads: ReviewThread[];
  autoMerge: AutoMerge | null;
  queued: boolean;
  maintainerCanModify: boolean;
}

export interface AutoMerge {
  enabledBy: Account;
  enabledAt: string;
  mergeMethod: "merge" | "squash" | "rebase";
  commitTitle: string | null;
  commitMessage: string | null;
}

export type FileStatus = "added" | "removed" | "modified" | "renamed" | "copied" | "changed" | "unchanged";

export interface ChangedFile {
  filename: string;
  status: FileStatus;
  additions: number;
  deletions: number;
  /** Of the blob. */
  sha: string;
  /** Null where GitHub shows none: a binary, or a diff too large. */
  patch: string | null;
  previousFilename: string | null;
}

export type ReviewState = "PENDING" | "COMMENTED" | "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED";

export interface Review {
  kind: "review";
  id: number;
  pullRequest: PullRequest;
  author: Account;
  state: ReviewState;
  /** Empty text, not null; webhooks say null for it. */
  body: string;
  commitId: string;
  comments: ReviewComment[];
  createdAt: string;
  /** Null while pending. */
  submittedAt: string | null;
  updatedAt: string;
  lastEditedAt: string | null;
}

export interface ReviewThread {
  kind: "thread";
  id: number;
  pullRequest: PullRequest;
  comments: ReviewComment[];
  resolvedBy: Account | null;
  updatedAt: string;
}

export type DiffSide = "LEFT" | "RIGHT";

export interface ReviewComment {
  kind: "review_comment";
  id: number;
  pullRequest: PullRequest;
  review: Review;
  thread: ReviewThread;
  author: Account;
  body: string;
  path: string;
  diffHunk: string;
  subjectType: "line" | "file";
  side: DiffSide;
  startSide: DiffSide | null;
  /** Null once outdated: a later push changed the file. GitHub says so by no webhook and no new `updatedAt`. */
  line: number | null;
  startLine: number | null;
  position: number | null;
  originalLine: number;
  originalStartLine: number | null;
  originalPosition: number;
  /** The newest head on which the comment still stands. */
  commitId: string;
  originalCommitId: string;
  /** The first of its thread, never another reply. */
  inReplyTo: ReviewComment | null;
  createdAt: string;
  updatedAt: string;
  lastEditedAt: string | null;
}

export interface IssueComment {
  kind: "issue_comment";
  id: number;
  discussion: Issue | PullRequest;
  author: Account;
  body: string;
  createdAt: string;
  updatedAt: string;
  lastEditedAt: string | null;
}

export interface State {
  accounts: Map<number, Account>;
  teams: Map<number, Team>;
  installations: Map<number, Installation>;
  repositories: Map<number, Repository>;
  pullRequests: Map<number, PullRequest>;
  reviews: Map<number, Review>;
  threads: Map<number, ReviewThread>;
  reviewComments: Map<number, ReviewComment>;
  issueComments: Map<number, IssueComment>;
  /** `owner/name` in lower case, of the present and of every former name that no other repository took. */
  names: Map<string, Repository>;
  logins: Map<string, Account>;
}

export function createState(): State {
  return {
    accounts: new Map(),
    teams: new Map(),
    installations: new Map(),
    repositories: new Map(),
    pullRequests: new Map(),
    reviews: new Map(),
    threads: new Map(),
    reviewComments: new Map(),
    issueComments: new Map(),
    names: new Map(),
    logins: new Map(),
  };
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

/** Null for an account that is gone: GitHub then names nobody. */
export function present(account: Account | null): Account | null {
  return account?.deleted ? null : account;
}

export function filesOf(pullRequest: PullRequest): ChangedFile[] {
  return pullRequest.heads.at(-1)?.files ?? [];
}

/** In the order they were created, those of pending reviews left out. */
export function reviewCommentsOf(pullRequest: PullRequest): ReviewComment[] {
  return pullRequest.reviews
    .flatMap((review) => (review.state === "PENDING" ? [] : review.comments))
    .toSorted((a, b) => a.id - b.id);
}

export function submittedReviews(pullRequest: PullRequest): Review[] {
  return pullRequest.reviews.filter((review) => review.state !== "PENDING");
}

/** The live installation that may see the repository; suspended ones count, deleted ones do not. */
export function installationOf(state: State, repository: Repository): Installation | null {
  for (const installation of state.installations.values()) {
    if (installation.deletedAt === null && installation.repositories.has(repository)) return installation;
  }
  return null;
}
