import { toNodeId } from "../node-id.ts";
import { filesOf, fullName, reviewCommentsOf } from "../state.ts";
import type { Account, PullRequest, Repository } from "../state.ts";
import type { World } from "../world.ts";
import { accountJson, accountJsonOrNull, associationOf, authorJson, teamJson } from "./account.ts";
import { labelJson, milestoneJson } from "./label.ts";
import { repositoryJson, repositoryUrl } from "./repository.ts";

export function pullRequestUrls(world: World, { repository, number }: PullRequest) {
  const htmlUrl = `${world.htmlUrl}/${fullName(repository)}/pull/${number}`;
  return {
    url: `${repositoryUrl(world, repository)}/pulls/${number}`,
    html_url: htmlUrl,
    diff_url: `${htmlUrl}.diff`,
    patch_url: `${htmlUrl}.patch`,
    issue_url: `${repositoryUrl(world, repository)}/issues/${number}`,
  };
}

/** A pull request in lists and in payloads of reviews and review comments: without merge, sizes and counts. */
export function simplePullRequestJson(world: World, pullRequest: PullRequest) {
  const { repository } = pullRequest;
  const urls = pullRequestUrls(world, pullRequest);
  const more = {
    commits_url: `${urls.url}/commits`,
    review_comments_url: `${urls.url}/comments`,
    review_comment_url: `${repositoryUrl(world, repository)}/pulls/comments{/number}`,
    comments_url: `${urls.issue_url}/comments`,
    statuses_url: `${repositoryUrl(world, repository)}/statuses/${pullRequest.head.sha}`,
  };
  const base = repositoryJson(world, repository);
  const { head } = pullRequest;
  return {
    url: urls.url,
    id: pullRequest.id,
    node_id: toNodeId("PullRequest", pullRequest.id),
    html_url: urls.html_url,
    diff_url: urls.diff_url,
    patch_url: urls.patch_url,
    issue_url: urls.issue_url,
    number: pullRequest.number,
    state: pullRequest.state,
    locked: pullRequest.locked,
    title: pullRequest.title,
    user: authorJson(world, pullRequest.author),
    body: pullRequest.body,
    created_at: pullRequest.createdAt,
    updated_at: pullRequest.updatedAt,
    closed_at: pullRequest.closedAt,
    merged_at: pullRequest.mergedAt,
    merge_commit_sha: pullRequest.mergeCommitSha,
    assignee: accountJsonOrNull(world, pullRequest.assignees[0] ?? null),
    assignees: pullRequest.assignees.map((account) => accountJson(world, account)),
    requested_reviewers: pullRequest.requestedReviewers.map((account) => accountJson(world, account)),
    requested_teams: pullRequest.requestedTeams.map((team) => teamJson(world, team)),
    labels: pullRequest.labels.map((label) => labelJson(world, label)),
    milestone: pullRequest.milestone && milestoneJson(world, pullRequest.milestone),
    draft: pullRequest.draft,
    ...more,
    head: branchJson(
      world,
      head.owner,
      head.ref,
      head.sha,
      headRepositoryJson(world, head.repository, repository, base),
    ),
    base: branchJson(world, repository.owner, pullRequest.base.ref, pullRequest.base.sha, base),
    _links: {
      self: { href: urls.url },
      html: { href: urls.html_url },
      issue: { href: urls.issue_url },
      comments: { href: more.comments_url },
      review_comments: { href: more.review_comments_url },
      review_comment: { href: more.review_comment_url },
      commits: { href: more.commits_url },
      statuses: { href: more.statuses_url },
    },
    author_association: associationOf(pullRequest.author, repository),
    auto_merge: pullRequest.autoMerge && {
      enabled_by: accountJsonOrNull(world, pullRequest.autoMerge.enabledBy),
      merge_method: pullRequest.autoMerge.mergeMethod,
      commit_title: pullRequest.autoMerge.commitTitle,
      commit_message: pullRequest.autoMerge.commitMessage,
    },
    active_lock_reason: pullRequest.lockReason,
  };
}

function branchJson(
  world: World,
  owner: Account,
  ref: string,
  sha: string,
  repo: ReturnType<typeof repositoryJson> | null,
) {
  const user = accountJsonOrNull(world, owner);
  return { label: `${user?.login ?? "unknown repository"}:${ref}`, ref, sha, user, repo };
}

function headRepositoryJson(
  world: World,
  head: Repository | null,
  base: Repository,
  baseJson: ReturnType<typeof repositoryJson>,
) {
  if (head === null || head.deleted) return null;
  return head === base ? baseJson : repositoryJson(world, head);
}

/** A pull request in REST's answer for a single one and in `pull_request` payloads. */
export function pullRequestJson(world: World, pullRequest: PullRequest) {
  const files = filesOf(pullRequest);
  return {
    ...simplePullRequestJson(world, pullRequest),
    merged: pullRequest.mergedAt !== null,
    mergeable: pullRequest.mergeable,
    rebaseable: pullRequest.mergeable,
    mergeable_state: mergeableState(pullRequest),
    merged_by: accountJsonOrNull(world, pullRequest.mergedBy),
    comments: pullRequest.comments.length,
    review_comments: reviewCommentsOf(pullRequest).length,
    maintainer_can_modify: pullRequest.maintainerCanModify,
    commits: pullRequest.heads.at(-1)?.commits ?? 0,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

function mergeableState(pullRequest: PullRequest): string {
  if (pullRequest.mergeable === null) return "unknown";
  if (!pullRequest.mergeable) return "dirty";
  return pullRequest.draft ? "draft" : "clean";
}
