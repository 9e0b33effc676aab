/**
 * GitHub's objects, reduced to what is captured of them.
 *
 * Webhook payloads and REST answers share one shape, so one schema reads both; parsing drops every other key. What an
 * event carries as `observed` is such a reduced object, still in GitHub's words.
 *
 * Left out on purpose, because GitHub changes them without telling anyone, so no copy could stay true: `mergeable`,
 * the test merge's `merge_commit_sha`, a review comment's `line`, `position` and `commit_id`. And `node_id` and the
 * various `url`s, which differ between REST, GraphQL and a renamed repository's past, and follow from the rest.
 */
import { z } from "zod";
import { toStorableText } from "./storable-text.ts";

export const text = z.string().transform(toStorableText);

/** A login, a repository's name or a branch. GitHub gives out none that is longer, and an index of Postgres takes none that is very long. */
const name = z.string().max(255).transform(toStorableText);

/** Null and "" mean the same for an optional text, and GitHub's APIs disagree on which to send. */
export const optionalText = text.nullish().transform((value) => value || null);

/** GitHub's moments: UTC in whole seconds. Postgres knows no year 0, and no offset of 16 hours. */
export const timestamp = z.iso
  .datetime({ offset: true })
  .regex(/^(?!0000).*(?:Z|[+-](?:0\d|1[0-5]):\d\d)$/, "not a moment that Postgres knows");

/** Some payloads give an installation's moments as seconds since 1970; here up to the year 9999. */
const seconds = z
  .int()
  .nonnegative()
  .max(253_402_300_799)
  .transform((value) => new Date(value * 1000).toISOString());

const id = z.int().positive();
/** What is an `integer` in Postgres. */
const number = z.int32().positive();
const count = z.int32().nonnegative();

const account = z.object({ id, login: name, type: text.default("User") });

/** REST and webhooks show this account in the place of some deleted ones, where GraphQL and other answers show none. */
const ghostId = 10137;

/** Null: the account was deleted. What it wrote stays. */
const author = account.nullish().transform((value) => (value && value.id !== ghostId ? value : null));

const authorAssociation = text.nullish().transform((value) => value ?? null);

const head = z.object({
  ref: text,
  sha: text,
  /** Null: the fork was deleted. */
  repo: z
    .object({ id })
    .nullish()
    .transform((repo) => repo ?? null),
});

/** The repository's name as it was when GitHub showed the pull request. */
const base = z.object({
  ref: text,
  sha: text,
  repo: z.object({ id, name, owner: z.object({ login: name }) }),
});

/** What every payload about a pull request carries of it: the whole less its sizes, its counts and its merge. */
export const partialPullRequest = z.object({
  id,
  number,
  state: z.enum(["open", "closed"]),
  locked: z.boolean(),
  active_lock_reason: optionalText,
  title: text,
  user: author,
  author_association: authorAssociation,
  body: optionalText,
  created_at: timestamp,
  updated_at: timestamp,
  closed_at: timestamp.nullable(),
  merged_at: timestamp.nullable(),
  draft: z.boolean().default(false),
  assignees: z
    .array(account.nullable())
    .default([])
    .transform((accounts) => accounts.filter((each) => each !== null)),
  /** Only accounts: a payload may list a team here too, which has no login. */
  requested_reviewers: z
    .array(z.unknown())
    .default([])
    .transform((reviewers) => reviewers.flatMap((reviewer) => account.safeParse(reviewer).data ?? [])),
  /** One that was deleted meanwhile has no slug. */
  requested_teams: z
    .array(z.object({ slug: text.optional() }))
    .default([])
    .transform((teams) => teams.flatMap(({ slug }) => (slug === undefined ? [] : [{ slug }]))),
  labels: z.array(z.object({ name: text })).default([]),
  milestone: z
    .object({ number: z.int32(), title: text })
    .nullish()
    .transform((milestone) => milestone ?? null),
  auto_merge: z
    .object({ merge_method: text })
    .nullish()
    .transform((autoMerge) => autoMerge ?? null),
  head,
  base,
});

/** A `pull_request` payload's or a single REST answer's pull request. */
export const pullRequest = partialPullRequest.extend({
  merged: z
    .boolean()
    .nullish()
    .transform((merged) => merged ?? false),
  merged_by: author,
  merge_commit_sha: optionalText,
  additions: count,
  deletions: count,
  changed_files: count,
  commits: count,
  comments: count,
  review_comments: count,
});

/** The issue side of a pull request, as an `issue_comment` payload shows it. Its `id` is the issue's, not the pull request's. */
export const pullRequestIssue = z.object({
  number,
  state: z.enum(["open", "closed"]),
  locked: z.boolean().default(false),
  active_lock_reason: optionalText,
  title: text,
  user: author,
  author_association: authorAssociation,
  body: optionalText,
  created_at: timestamp,
  updated_at: timestamp,
  closed_at: timestamp.nullable(),
  draft: z.boolean().default(false),
  pull_request: z.object({ merged_at: timestamp.nullish().transform((at) => at ?? null) }),
});

/** `submitted_at` is null for a pending review, which only its author may see. */
export const review = z.object({
  id,
  user: author,
  author_association: authorAssociation,
  state: text,
  body: optionalText,
  commit_id: text.nullish().transform((sha) => sha ?? null),
  submitted_at: timestamp.nullish().transform((at) => at ?? null),
});

export const issueComment = z.object({
  id,
  user: author,
  author_association: authorAssociation,
  body: text.nullish().transform((body) => body ?? ""),
  created_at: timestamp,
  updated_at: timestamp,
});

const line = z
  .int32()
  .nullish()
  .transform((value) => value ?? null);

export const reviewComment = issueComment.extend({
  pull_request_review_id: id.nullish().transform((value) => value ?? null),
  in_reply_to_id: id.nullish().transform((value) => value ?? null),
  path: text,
  diff_hunk: text,
  original_commit_id: text,
  original_position: line,
  original_line: line,
  original_start_line: line,
  side: optionalText,
  start_side: optionalText,
  subject_type: optionalText,
});

/** An item of REST's `pulls/{number}/files`. `contents_url` names the head it was listed for. */
export const file = z.object({
  filename: text,
  status: z.enum(["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]),
  additions: count,
  deletions: count,
  changes: count,
  previous_filename: text.nullish().transform((filename) => filename ?? null),
  contents_url: text,
});

/** A repository as `repository` payloads and REST show it. */
export const repository = z.object({
  id,
  name,
  owner: account,
  private: z.boolean(),
  archived: z.boolean().default(false),
  default_branch: name,
  updated_at: timestamp,
});

/**
 * `suspended_at` is null, or absent in older payloads, while the App may work. An enterprise, which has no login, is no account of
 * ours: null.
 */
export const installation = z.object({
  id,
  account: author.catch(null),
  repository_selection: name.nullish().transform((selection) => selection ?? null),
  created_at: z.union([timestamp, seconds]),
  updated_at: z.union([timestamp, seconds]),
  suspended_at: timestamp.nullish().transform((at) => at ?? null),
});

export type GitHubAccount = z.output<typeof account>;
export type GitHubPartialPullRequest = z.output<typeof partialPullRequest>;
export type GitHubPullRequest = z.output<typeof pullRequest>;
export type GitHubPullRequestIssue = z.output<typeof pullRequestIssue>;
export type GitHubReview = z.output<typeof review>;
export type GitHubIssueComment = z.output<typeof issueComment>;
export type GitHubReviewComment = z.output<typeof reviewComment>;
export type GitHubRepository = z.output<typeof repository>;
export type GitHubInstallation = z.output<typeof installation>;
export type GitHubFile = z.output<typeof file>;
