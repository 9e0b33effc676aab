/**
 * A pull request as REST and webhooks show it, and its row. GraphQL's form is in graphql-pull-request.ts.
 *
 * Left out on purpose, because GitHub changes them without a webhook and without a newer `updated_at`: `mergeable` and the test merge's
 * `merge_commit_sha`. And `node_id` and the `url`s, which follow from the rest.
 */
import { z } from "zod";
import {
  accountSchema,
  accountIdOf,
  author,
  authorAssociation,
  hasLogin,
  hasSlug,
  toAccount,
  type GitHubAccount,
} from "./account.ts";
import {
  absentIfNull,
  count,
  numericId,
  keepKnown,
  listed,
  shortText,
  positiveInteger,
  optionalText,
  text,
  timestamp,
  type KnownColumns,
} from "./values.ts";

const hasName = <Item extends { name?: string | undefined }>(item: Item): item is Item & { name: string } =>
  item.name !== undefined;

const head = z.object({
  ref: absentIfNull(text),
  sha: absentIfNull(text),
  /** Null: the fork was deleted. https://github.com/github/rest-api-description/issues/424 */
  repo: z.object({ id: numericId }).nullish(),
});

/** `repo` has the repository's name at the time of the payload. */
const base = z.object({
  ref: absentIfNull(text),
  sha: absentIfNull(text),
  repo: absentIfNull(
    z.object({
      id: numericId,
      name: absentIfNull(shortText),
      owner: absentIfNull(z.object({ login: absentIfNull(shortText) })),
    }),
  ),
});

/** A pull request as every payload about it contains it: without sizes, counts and merge. */
export const partialPullRequestSchema = z.object({
  id: numericId,
  number: positiveInteger,
  state: absentIfNull(z.enum(["open", "closed"])),
  locked: absentIfNull(z.boolean()),
  active_lock_reason: optionalText,
  title: absentIfNull(text),
  user: author,
  author_association: authorAssociation,
  body: optionalText,
  created_at: timestamp,
  updated_at: timestamp,
  /** Null: open, or not merged. */
  closed_at: timestamp.nullish(),
  merged_at: timestamp.nullish(),
  draft: absentIfNull(z.boolean()),
  assignees: listed(accountSchema),
  /** Only accounts: a payload may list a team here too, which has a slug and no login. */
  requested_reviewers: listed(accountSchema.extend({ slug: absentIfNull(text) }))
    .transform((reviewers) => keepKnown(reviewers, hasLogin, hasSlug)?.map(toAccount))
    .optional(),
  /** A deleted team has no slug. https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request */
  requested_teams: listed(z.object({ slug: absentIfNull(text), deleted: absentIfNull(z.boolean()) }))
    .transform((teams) =>
      keepKnown(teams, hasSlug, ({ deleted }) => deleted === true)?.map(({ slug }) => ({ slug })),
    )
    .optional(),
  labels: listed(z.object({ name: absentIfNull(text), node_id: absentIfNull(text) }))
    .transform((labels) => keepKnown(labels, hasName))
    .optional(),
  /** Null: none. */
  milestone: z.object({ number: absentIfNull(z.int32()), title: absentIfNull(text) }).nullish(),
  /** Null: off. */
  auto_merge: z.object({ merge_method: absentIfNull(text) }).nullish(),
  head: absentIfNull(head),
  base: absentIfNull(base),
});

/** A pull request as a `pull_request` payload or REST's answer for a single one contains it. */
export const pullRequestSchema = partialPullRequestSchema.extend({
  merged: absentIfNull(z.boolean()),
  merged_by: author,
  merge_commit_sha: optionalText,
  additions: absentIfNull(count),
  deletions: absentIfNull(count),
  changed_files: absentIfNull(count),
  commits: absentIfNull(count),
  comments: absentIfNull(count),
  review_comments: absentIfNull(count),
});

/** A pull request as an `issue_comment` payload contains it: as an issue, whose `id` is not the pull request's. */
export const pullRequestIssueSchema = z.object({
  number: positiveInteger,
  state: absentIfNull(z.enum(["open", "closed"])),
  locked: absentIfNull(z.boolean()),
  active_lock_reason: optionalText,
  title: absentIfNull(text),
  user: author,
  author_association: authorAssociation,
  body: optionalText,
  created_at: timestamp,
  updated_at: timestamp,
  closed_at: timestamp.nullish(),
  draft: absentIfNull(z.boolean()),
  pull_request: z.object({ merged_at: timestamp.nullish() }),
});

export type GitHubPartialPullRequest = z.output<typeof partialPullRequestSchema>;
export type GitHubPullRequest = z.output<typeof pullRequestSchema>;
export type GitHubPullRequestIssue = z.output<typeof pullRequestIssueSchema>;

export function toPullRequest(pullRequest: GitHubPullRequest) {
  return {
    ...toPartialPullRequest(pullRequest),
    merged: pullRequest.merged,
    merged_by_id: accountIdOf(pullRequest.merged_by),
    merge_commit_sha: toMergeCommit(pullRequest.merged, pullRequest.merge_commit_sha),
    additions: pullRequest.additions,
    deletions: pullRequest.deletions,
    changed_files: pullRequest.changed_files,
    commits: pullRequest.commits,
    comments: pullRequest.comments,
    review_comments: pullRequest.review_comments,
  };
}

export function toPartialPullRequest(pullRequest: GitHubPartialPullRequest) {
  return {
    number: pullRequest.number,
    id: pullRequest.id,
    title: pullRequest.title,
    body: pullRequest.body,
    state: pullRequest.state,
    draft: pullRequest.draft,
    locked: pullRequest.locked,
    active_lock_reason: pullRequest.active_lock_reason,
    author_id: accountIdOf(pullRequest.user),
    author_association: pullRequest.author_association,
    created_at: pullRequest.created_at,
    updated_at: pullRequest.updated_at,
    closed_at: pullRequest.closed_at,
    merged_at: pullRequest.merged_at,
    head_ref: pullRequest.head?.ref,
    head_sha: pullRequest.head?.sha,
    head_repository_id: accountIdOf(pullRequest.head?.repo),
    base_ref: pullRequest.base?.ref,
    base_sha: pullRequest.base?.sha,
    ...toLabels(pullRequest.labels?.map(({ name, node_id }) => ({ name, id: node_id }))),
    assignees: toSortedIds(pullRequest.assignees),
    requested_reviewers: toSortedIds(pullRequest.requested_reviewers),
    requested_teams: pullRequest.requested_teams?.map((team) => team.slug).toSorted(),
    milestone_number: pullRequest.milestone && pullRequest.milestone.number,
    milestone_title: pullRequest.milestone && pullRequest.milestone.title,
    auto_merge_method: pullRequest.auto_merge && pullRequest.auto_merge.merge_method,
  };
}

/** Every column. Times are GitHub's ISO strings. */
export type PullRequestRow = KnownColumns<
  ReturnType<typeof toPullRequest>,
  "number" | "id" | "created_at" | "updated_at"
>;

/** The columns that every payload about a pull request has. `id` is absent where only the issue side was seen. */
export type PartialPullRequestRow = KnownColumns<
  ReturnType<typeof toPartialPullRequest>,
  "number" | "created_at" | "updated_at"
>;

/** Maps a pull request that was observed as an issue, without its id, branches and reviewers. */
export function fromPullRequestIssue(issue: GitHubPullRequestIssue): PartialPullRequestRow {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    draft: issue.draft,
    locked: issue.locked,
    active_lock_reason: issue.active_lock_reason,
    author_id: accountIdOf(issue.user),
    author_association: issue.author_association,
    created_at: issue.created_at,
    updated_at: issue.updated_at,
    closed_at: issue.closed_at,
    merged_at: issue.pull_request.merged_at,
  };
}

/** Before the merge, GitHub's value is a test merge. After the merge there always is one, so null means that GitHub withheld it. */
export function toMergeCommit(
  merged: boolean | undefined,
  sha: string | null | undefined,
): string | null | undefined {
  if (merged === undefined) return undefined;
  return merged ? (sha ?? undefined) : null;
}

/** Sorts labels by name. An unknown id is null; when all ids are unknown, the list of ids is null. */
export function toLabels(labels: readonly { name: string; id?: string | undefined }[] | undefined) {
  if (!labels) return {};
  const sorted = labels.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const ids = sorted.map(({ id }) => id ?? null);
  const isKnown = ids.length === 0 || ids.some((id) => id !== null);
  return { labels: sorted.map(({ name }) => name), label_ids: isKnown ? ids : null };
}

function toSortedIds(accounts: readonly { id: number }[] | undefined): number[] | undefined {
  return accounts?.map((account) => account.id).toSorted((a, b) => a - b);
}

/** Returns a pull request's author, merger, assignees and requested reviewers. */
export function accountsOf(
  pullRequest: GitHubPartialPullRequest | GitHubPullRequest,
): (GitHubAccount | null | undefined)[] {
  const mergedBy = "merged_by" in pullRequest ? pullRequest.merged_by : null;
  const { user, assignees = [], requested_reviewers = [] } = pullRequest;
  return [user, mergedBy, ...assignees, ...requested_reviewers];
}
