import { accountHtmlUrl, avatarUrl } from "../json/account.ts";
import { canSee } from "../credentials.ts";
import { toNodeId } from "../node-id.ts";
import { present } from "../state.ts";
import type { Account, Team } from "../state.ts";
import { shaOf } from "../world.ts";
import { connect } from "./connection.ts";
import type { FieldsOf, Resolver } from "./resolver.ts";

/**
 * A bot's login in GraphQL is its App's slug. REST appends `[bot]`, or has an unrelated name: `Copilot` for `copilot-swe-agent`.
 * https://docs.github.com/copilot/how-tos/use-copilot-agents/coding-agent/create-a-pr
 */
export function graphqlLogin({ login, slug, type }: Account): string {
  if (slug !== null) return slug;
  return type === "Bot" ? login.replace(/\[bot\]$/, "") : login;
}

const common: Record<string, Resolver<Account>> = {
  id: ({ type, id }) => toNodeId(type, id),
  databaseId: ({ id }) => id,
  login: graphqlLogin,
  // Unlike REST, GraphQL has a hash in the URL of a user's avatar.
  avatarUrl: ({ id, type }, { size }) => {
    const hash = type === "User" ? `u=${shaOf(`avatar ${id}`)}&` : "";
    return avatarUrl(id, type).replace("?", `?${hash}${typeof size === "number" ? `s=${size}&` : ""}`);
  },
  url: ({ login, type }, _args, { world }) => accountHtmlUrl(world, login, type),
  resourcePath: ({ login, type }, _args, { world }) => new URL(accountHtmlUrl(world, login, type)).pathname,
  createdAt: ({ createdAt }) => createdAt,
  updatedAt: ({ updatedAt }) => updatedAt,
};

const owner: Record<string, Resolver<Account>> = {
  ...common,
  name: ({ name }) => name,
  repository: (account, { name }, { world, credential }) => {
    const repository = world.state.names.get(`${account.login}/${String(name)}`.toLowerCase());
    return repository && canSee(credential, repository) ? repository : null;
  },
  repositories: (account, args, { world, credential }) => {
    const owned = [...world.state.repositories.values()].filter(
      (repository) => repository.owner === account && canSee(credential, repository),
    );
    return connect(owned, args, ({ id }) => [id]);
  },
};

export const accountFields = {
  User: { ...owner, isSiteAdmin: () => false, email: () => "", bio: () => null } satisfies FieldsOf<Account>,
  Organization: owner satisfies FieldsOf<Account>,
  Bot: common satisfies FieldsOf<Account>,
  Mannequin: { ...common, email: () => null, claimant: () => null } satisfies FieldsOf<Account>,
  Team: {
    id: ({ id }) => toNodeId("Team", id),
    databaseId: ({ id }) => id,
    name: ({ name }) => name,
    slug: ({ slug }) => slug,
    combinedSlug: ({ organization, slug }) => `${organization.login}/${slug}`,
    organization: ({ organization }) => organization,
    url: ({ organization, slug }, _args, { world }) =>
      `${world.htmlUrl}/orgs/${organization.login}/teams/${slug}`,
  } satisfies FieldsOf<Team>,
  EnterpriseTeam: { id: ({ id }) => toNodeId("Team", id) } satisfies FieldsOf<Team>,
};

/** Returns null for a deleted account. */
export function actor(account: Account | null): Account | null {
  return present(account);
}
