import { toNodeId } from "../node-id.ts";
import type { Discussion, Issue, PullRequest } from "../state.ts";
import type { World } from "../world.ts";
import { accountJson, accountJsonOrNull, associationOf, authorJson } from "./account.ts";
import { labelJson, milestoneJson } from "./label.ts";
import { pullRequestUrls } from "./pull-request.ts";
import { repositoryUrl } from "./repository.ts";
import { reactionsJson } from "./reactions.ts";

/** An issue, or a pull request as an issue, with the issue's id. `comments` overrides the count for a webhook that lags behind. */
export function issueJson(world: World, issue: Issue | PullRequest, comments = issue.comments.length) {
  const repository = repositoryUrl(world, issue.repository);
  const url = `${repository}/issues/${issue.number}`;
  const isPullRequest = issue.kind === "pull_request";
  return {
    url,
    repository_url: repository,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: isPullRequest
      ? pullRequestUrls(world, issue).html_url
      : `${htmlUrl(world, issue)}/issues/${issue.number}`,
    id: issue.issueId,
    node_id: isPullRequest ? toNodeId("PullRequest", issue.id) : toNodeId("Issue", issue.issueId),
    number: issue.number,
    title: issue.title,
    user: authorJson(world, issue.author),
    labels: issue.labels.map((label) => labelJson(world, label)),
    state: issue.state,
    locked: issue.locked,
    assignee: accountJsonOrNull(world, issue.assignees[0] ?? null),
    assignees: issue.assignees.map((account) => accountJson(world, account)),
    milestone: issue.milestone && milestoneJson(world, issue.milestone),
    comments,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: associationOf(issue.author, issue.repository),
    active_lock_reason: issue.lockReason,
    draft: isPullRequest && issue.draft,
    ...(isPullRequest && { pull_request: pullRequestOfIssueJson(world, issue) }),
    body: issue.body,
    reactions: reactionsJson(url),
    ...(world.payloads === "current" && {
      timeline_url: `${url}/timeline`,
      performed_via_github_app: null,
      state_reason: null,
    }),
  };
}

function pullRequestOfIssueJson(world: World, pullRequest: PullRequest) {
  const { issue_url: _issueUrl, ...urls } = pullRequestUrls(world, pullRequest);
  return { ...urls, merged_at: pullRequest.mergedAt };
}

function htmlUrl(world: World, { repository }: Discussion): string {
  return `${world.htmlUrl}/${repository.owner.login}/${repository.name}`;
}
