import { toNodeId } from "../node-id.ts";
import { fullName } from "../state.ts";
import type { Issue, Label, Milestone, PullRequest, Repository } from "../state.ts";
import type { World } from "../world.ts";
import { actor } from "./account-fields.ts";
import { connect, githubError } from "./connection.ts";
import type { Key } from "./connection.ts";
import { discussionFields } from "./discussion-fields.ts";
import { pullRequestState } from "./pull-request-fields.ts";
import { order, type Args, type FieldsOf } from "./resolver.ts";

export const repositoryFields = {
  Repository: {
    id: ({ id }) => toNodeId("Repository", id),
    databaseId: ({ id }) => id,
    name: ({ name }) => name,
    nameWithOwner: fullName,
    owner: ({ owner }) => owner,
    description: ({ description }) => description,
    url: (repository, _args, { world }) => htmlUrl(world, repository),
    resourcePath: (repository) => `/${fullName(repository)}`,
    isPrivate: (repository) => repository.private,
    visibility: (repository) => (repository.private ? "PRIVATE" : "PUBLIC"),
    isFork: ({ fork }) => fork,
    isArchived: ({ archived }) => archived,
    isDisabled: () => false,
    isEmpty: () => false,
    isLocked: () => false,
    isTemplate: () => false,
    createdAt: ({ createdAt }) => createdAt,
    updatedAt: ({ updatedAt }) => updatedAt,
    pushedAt: ({ pushedAt }) => pushedAt,
    defaultBranchRef: ({ defaultBranch }) => ({ kind: "ref", name: defaultBranch, prefix: "refs/heads/" }),
    stargazerCount: () => 0,
    forkCount: () => 0,
    pullRequests: ({ pullRequests }, args) => pullRequestsOf([...pullRequests.values()], args),
    pullRequest: ({ pullRequests }, { number }) =>
      found(pullRequests.get(Number(number)), "a PullRequest", number),
    issues: ({ issues }, args) => {
      const { field, direction } = order(args) ?? { field: "CREATED_AT", direction: 1 };
      const states = args.states;
      const wanted = [...issues.values()].filter(
        ({ state }) => !states || states.includes(state.toUpperCase()),
      );
      return connect(wanted, args, (issue) => sortKey(issue, field), direction);
    },
    issue: ({ issues }, { number }) => found(issues.get(Number(number)), "an Issue", number),
    issueOrPullRequest: ({ issues, pullRequests }, { number }) =>
      found(
        issues.get(Number(number)) ?? pullRequests.get(Number(number)),
        "an issue or pull request",
        number,
      ),
    labels: ({ labels }, args) => connect([...labels.values()], args, ({ id }) => [id]),
    label: ({ labels }, { name }) => labels.get(String(name).toLowerCase()) ?? null,
    milestones: ({ milestones }, args) =>
      connect(
        milestones.filter(({ state }) => !args.states || args.states.includes(state.toUpperCase())),
        args,
        ({ number }) => [number],
      ),
  } satisfies FieldsOf<Repository>,
  Ref: {
    name: ({ name }) => name,
    prefix: ({ prefix }) => prefix,
  } satisfies FieldsOf<{ name: string; prefix: string }>,
  Issue: {
    ...discussionFields,
    id: ({ issueId }) => toNodeId("Issue", issueId),
    fullDatabaseId: ({ issueId }) => String(issueId),
    databaseId: ({ issueId }) => issueId,
    state: ({ state }) => state.toUpperCase(),
    url: ({ repository, number }, _args, { world }) => `${htmlUrl(world, repository)}/issues/${number}`,
  } satisfies FieldsOf<Issue>,
  Label: {
    id: ({ id }) => toNodeId("Label", id),
    name: ({ name }) => name,
    color: ({ color }) => color,
    description: ({ description }) => description,
    isDefault: (label) => label.default,
    createdAt: ({ createdAt }) => createdAt,
    updatedAt: ({ updatedAt }) => updatedAt,
    repository: ({ repository }) => repository,
    url: ({ repository, name }, _args, { world }) =>
      `${htmlUrl(world, repository)}/labels/${encodeURIComponent(name)}`,
  } satisfies FieldsOf<Label>,
  Milestone: {
    id: ({ id }) => toNodeId("Milestone", id),
    number: ({ number }) => number,
    title: ({ title }) => title,
    description: ({ description }) => description,
    state: ({ state }) => state.toUpperCase(),
    closed: ({ state }) => state === "closed",
    creator: ({ creator }) => actor(creator),
    createdAt: ({ createdAt }) => createdAt,
    updatedAt: ({ updatedAt }) => updatedAt,
    closedAt: ({ closedAt }) => closedAt,
    dueOn: ({ dueOn }) => dueOn,
    repository: ({ repository }) => repository,
  } satisfies FieldsOf<Milestone>,
};

/** Filters and sorts by the arguments. The default order is oldest first. */
function pullRequestsOf(all: PullRequest[], args: Args) {
  const { field, direction } = order(args) ?? { field: "CREATED_AT", direction: 1 };
  const { states, labels, baseRefName, headRefName } = args;
  const wanted = all.filter(
    (pullRequest) =>
      (!states || states.includes(pullRequestState(pullRequest))) &&
      (!baseRefName || baseRefName === pullRequest.base.ref) &&
      (!headRefName || headRefName === pullRequest.head.ref) &&
      (!labels || pullRequest.labels.some(({ name }) => labels.includes(name))),
  );
  return connect(wanted, args, (pullRequest) => sortKey(pullRequest, field), direction);
}

function sortKey(discussion: Issue | PullRequest, field: string): Key {
  const { number } = discussion;
  if (field === "UPDATED_AT") return [discussion.updatedAt, number];
  if (field === "COMMENTS") return [discussion.comments.length, number];
  return [discussion.createdAt, number];
}

function found<T>(entity: T | undefined, kind: string, number: unknown): T {
  if (entity === undefined)
    throw githubError("NOT_FOUND", `Could not resolve to ${kind} with the number of ${String(number)}.`);
  return entity;
}

function htmlUrl(world: World, repository: Repository): string {
  return `${world.htmlUrl}/${fullName(repository)}`;
}
