import { remaining } from "../budget.ts";
import { canSee } from "../credentials.ts";
import { parseNodeId } from "../node-id.ts";
import { fullName } from "../state.ts";
import type { Label, Milestone, Repository } from "../state.ts";
import { stamp } from "../world.ts";
import type { World } from "../world.ts";
import { githubError } from "./connection.ts";
import type { FieldsOf, QueryContext } from "./resolver.ts";

export const queryFields = {
  Query: {
    repository: (_source, args, { world, credential }) => {
      const asked = `${args.owner}/${args.name}`;
      const repository = world.state.names.get(asked.toLowerCase());
      const moved = repository && fullName(repository).toLowerCase() !== asked.toLowerCase();
      if (!repository || !canSee(credential, repository) || (moved && args.followRenames === false)) {
        throw githubError("NOT_FOUND", `Could not resolve to a Repository with the name '${asked}'.`);
      }
      return repository;
    },
    repositoryOwner: (_source, { login }, context) => accountNamed(context, login, ["User", "Organization"]),
    user: (_source, { login }, context) => {
      const user = accountNamed(context, login, ["User"]);
      if (!user)
        throw githubError("NOT_FOUND", `Could not resolve to a User with the login of '${String(login)}'.`);
      return user;
    },
    organization: (_source, { login }, context) => {
      const organization = accountNamed(context, login, ["Organization"]);
      if (!organization)
        throw githubError(
          "NOT_FOUND",
          `Could not resolve to an Organization with the login of '${String(login)}'.`,
        );
      return organization;
    },
    node: (_source, { id }, context) => {
      const entity = findNode(context, String(id));
      if (!entity) throw notResolved(String(id));
      return entity;
    },
    // A missing node is null in the list, with an error that names its index.
    nodes: (_source, { ids = [] }, context) => {
      if (ids.length > 100) {
        throw githubError(
          "ARGUMENT_LIMIT",
          `You may not provide more than 100 node ids; you provided ${ids.length}.`,
        );
      }
      return ids.map((id) => findNode(context, id) ?? notResolved(id));
    },
    rateLimit: (_source, _args, context) => context,
  } satisfies FieldsOf<undefined>,
  RateLimit: {
    cost: ({ cost }) => cost.points,
    nodeCount: ({ cost }) => cost.nodes,
    limit: ({ budget }) => budget.limit,
    remaining: ({ budget }) => remaining(budget),
    used: ({ budget }) => budget.used,
    resetAt: ({ budget }) => stamp(new Date(budget.reset * 1000)),
  } satisfies FieldsOf<QueryContext>,
};

function accountNamed({ world }: QueryContext, login: unknown, types: string[]) {
  const account = world.state.logins.get(String(login).toLowerCase());
  return account && types.includes(account.type) ? account : null;
}

function notResolved(id: string) {
  return githubError("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
}

/** Returns null also for a node that the client cannot see. */
function findNode({ world, credential }: QueryContext, nodeId: string): unknown {
  const entity = lookUp(world, nodeId);
  if (!entity) return null;
  const repository = repositoryOf(entity);
  return repository && !canSee(credential, repository) ? null : entity;
}

function lookUp({ state }: World, text: string) {
  const parsed = parseNodeId(text);
  if (!parsed) return null;
  const { kind, id } = parsed;
  switch (kind) {
    case "User":
    case "Bot":
    case "Organization":
    case "Mannequin": {
      const account = state.accounts.get(id);
      return account && !account.deleted && account.type === kind ? account : null;
    }
    case "Team":
      return state.teams.get(id);
    case "Repository":
      return state.repositories.get(id);
    case "PullRequest":
      return state.pullRequests.get(id);
    case "PullRequestReview": {
      const review = state.reviews.get(id);
      return review?.state === "PENDING" ? null : review;
    }
    case "PullRequestReviewThread":
      return state.threads.get(id);
    case "PullRequestReviewComment": {
      const comment = state.reviewComments.get(id);
      return comment?.review.state === "PENDING" ? null : comment;
    }
    case "IssueComment":
      return state.issueComments.get(id);
    case "Label":
      return findNamed(state, ({ labels }) => labels.values(), id);
    case "Milestone":
      return findNamed(state, ({ milestones }) => milestones.values(), id);
    default:
      return null;
  }
}

function findNamed<Named extends Label | Milestone>(
  { repositories }: World["state"],
  listOf: (repository: Repository) => Iterable<Named>,
  id: number,
): Named | undefined {
  for (const repository of repositories.values()) {
    for (const named of listOf(repository)) if (named.id === id && !repository.deleted) return named;
  }
  return undefined;
}

function repositoryOf(entity: NonNullable<ReturnType<typeof lookUp>>): Repository | null {
  switch (entity.kind) {
    case "account":
    case "team":
      return null;
    case "repository":
      return entity;
    case "pull_request":
    case "label":
    case "milestone":
      return entity.repository;
    case "issue_comment":
      return entity.discussion.repository;
    default:
      return entity.pullRequest.repository;
  }
}
