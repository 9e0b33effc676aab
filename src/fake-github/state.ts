/**
 * The state of the fake GitHub. Entities reference each other directly. `json/` and `graphql/` create what clients see.
 *
 * account      a user, a bot, an organization, or a mannequin (an imported author without an account)
 * installation the App's access to some or all repositories of an account
 * head, base   a pull request's branch and the one it is merged into; every push changes the head
 * review       approves, requests changes or comments; only its author sees it while it is pending
 * thread       a review comment and its replies, at one place of the diff
 * delivery     one webhook, sent or not
 *
 * Times are GitHub's: ISO 8601, UTC, whole seconds.
 */
export type AccountType = "User" | "Bot" | "Organization" | "Mannequin";

export interface Account {
  kind: "account";
  id: number;
  type: AccountType;
  /** The login in REST. A bot's ends in `[bot]`, which GraphQL omits. */
  login: string;
  /** The login in GraphQL, for a bot whose login in REST does not follow from it. Otherwise null. */
  slug: string | null;
  name: string | null;
  /** What a deleted account wrote stays, without an author. */
  deleted: boolean;
  /** The members of an organization. */
  members: Set<Account>;
  teams: Team[];
  createdAt: string;
  updatedAt: string;
}

export interface Team {
  kind: "team";
  id: number;
  organization: Account;
  /** GraphQL has a type of its own for an enterprise's teams. REST lists them with the others. */
  type: "organization" | "enterprise";
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

/** Where GitHub sends the App's webhooks. An empty URL: whoever uses the fake GitHub decides. */
export interface AppHook {
  url: string;
  hasSecret: boolean;
  insecureSsl: boolean;
}

/** The GitHub App. There is one. */
export interface GitHubApp {
  id: number;
  slug: string;
  name: string;
  /** Null for an App that was not registered from a manifest. */
  owner: Account | null;
  clientId: string;
  createdAt: string;
  /** Null accepts JWTs with any signature. */
  publicKey: string | null;
  webhookSecret: string;
  hook: AppHook;
  /** Where people go after they install it. */
  setupUrl: string | null;
  permissions: Record<string, "read" | "write">;
  events: string[];
}

/** What the conversion of a manifest's code returns, once. */
export interface PendingApp {
  app: GitHubApp;
  pem: string;
  clientSecret: string;
  registeredAt: Date;
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
  /** Issues and pull requests share one sequence. */
  nextNumber: number;
  pullRequests: Map<number, PullRequest>;
  issues: Map<number, Issue>;
  labels: Map<string, Label>;
  milestones: Milestone[];
  /** Milestones have their own sequence. */
  nextMilestoneNumber: number;
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
  updatedAt: string;
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

/** The fields that issues and pull requests share. */
export interface Discussion {
  /** A pull request has an issue id in addition to its own id. */
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
  /** The merge commit, or before the merge GitHub's test merge commit, if any. */
  mergeCommitSha: string | null;
  /** Null until GitHub has tested the merge after the opening, a push or a new base. */
  mergeable: boolean | null;
  head: { ref: string; sha: string; owner: Account; repository: Repository | null };
  base: { ref: string; sha: string };
  /** All heads, oldest first, with the files that the pull request changed at each. The last one is current. */
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
  /** The hash of the blob. */
  sha: string;
  /** Null for a binary file or a diff that is too large. */
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
  /** "" when empty, which is null in webhooks. */
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
  /** Null once a later push changed the file. GitHub sends no webhook for that and keeps `updatedAt`. */
  line: number | null;
  startLine: number | null;
  position: number | null;
  originalLine: number;
  originalStartLine: number | null;
  originalPosition: number;
  /** The latest head to which the comment applies. */
  commitId: string;
  originalCommitId: string;
  /** The first comment of the thread, never another reply. */
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
  /** The repositories by `owner/name` in lower case: current names, and former names that no other repository has taken. */
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

/** Returns null for a deleted account. */
export function present(account: Account | null): Account | null {
  return account?.deleted ? null : account;
}

export function filesOf(pullRequest: PullRequest): ChangedFile[] {
  return pullRequest.heads.at(-1)?.files ?? [];
}

/** Returns review comments in the order of creation, without those of pending reviews. */
export function reviewCommentsOf(pullRequest: PullRequest): ReviewComment[] {
  return pullRequest.reviews
    .flatMap((review) => (review.state === "PENDING" ? [] : review.comments))
    .toSorted((a, b) => a.id - b.id);
}

export function submittedReviews(pullRequest: PullRequest): Review[] {
  return pullRequest.reviews.filter((review) => review.state !== "PENDING");
}

/** Returns the installation that can see the repository, even a suspended one but not a deleted one. */
export function installationOf(state: State, repository: Repository): Installation | null {
  for (const installation of state.installations.values()) {
    if (installation.deletedAt === null && installation.repositories.has(repository)) return installation;
  }
  return null;
}
