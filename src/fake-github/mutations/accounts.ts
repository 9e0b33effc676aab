import { deliverInstallationEvent } from "../delivery.ts";
import { accountJson, organizationJson } from "../json/account.ts";
import { toNodeId } from "../node-id.ts";
import type { Account, AccountType, Team } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";

export interface AccountOptions {
  /** The login, without the `[bot]` of a bot. */
  login: string;
  /**
   * The login in GraphQL of a bot that REST shows without `[bot]`, under a login that is not unique. Both of GitHub's bots named `Copilot`
   * are examples. https://api.github.com/user/175728472, https://api.github.com/user/198982749
   */
  slug?: string;
  type?: AccountType;
  name?: string;
  id?: number;
}

/** Throws when another account has the login. */
export function createAccount(
  world: World,
  { login, slug, type = "User", name, id }: AccountOptions,
): Account {
  const now = currentTimestamp(world);
  const account: Account = {
    kind: "account",
    id: id ?? nextId(world, "account"),
    type,
    login: type === "Bot" && slug === undefined ? `${login}[bot]` : login,
    slug: slug ?? null,
    name: name ?? null,
    deleted: false,
    members: new Set(),
    teams: [],
    createdAt: now,
    updatedAt: now,
  };
  takeLogin(world, account);
  world.state.accounts.set(account.id, account);
  return account;
}

export function createOrganization(
  world: World,
  { login, members = [], id }: { login: string; members?: Account[]; id?: number },
): Account {
  const organization = createAccount(world, { login, type: "Organization", ...(id !== undefined && { id }) });
  for (const member of members) organization.members.add(member);
  return organization;
}

export function createTeam(
  world: World,
  { organization, name, type = "organization" }: Pick<Team, "organization" | "name"> & Partial<Team>,
): Team {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const team: Team = { kind: "team", id: nextId(world, "team"), organization, type, name, slug };
  organization.teams.push(team);
  world.state.teams.set(team.id, team);
  return team;
}

/** Frees the login, removes the author of what the account wrote, and its review requests. GitHub sends no webhook to Apps. */
export function deleteAccount(world: World, account: Account): void {
  account.deleted = true;
  world.state.logins.delete(uniqueLogin(account));
  for (const pullRequest of world.state.pullRequests.values()) {
    pullRequest.requestedReviewers = pullRequest.requestedReviewers.filter(
      (reviewer) => reviewer !== account,
    );
    pullRequest.assignees = pullRequest.assignees.filter((assignee) => assignee !== account);
  }
}

/**
 * Renames the account and its repositories, whose old names redirect. The old login is free again. GitHub sends `installation_target` to Apps
 * that are installed on the account, and nothing to others: https://docs.github.com/webhooks/webhook-events-and-payloads#installation_target
 */
export function renameAccount(world: World, account: Account, login: string): void {
  const from = account.login;
  world.state.logins.delete(uniqueLogin(account));
  account.login = account.type === "Bot" ? `${login}[bot]` : login;
  account.updatedAt = currentTimestamp(world);
  takeLogin(world, account);
  for (const repository of world.state.repositories.values()) {
    if (repository.owner === account && !repository.deleted)
      world.state.names.set(`${login}/${repository.name}`.toLowerCase(), repository);
  }
  for (const installation of world.state.installations.values()) {
    if (installation.account !== account || installation.deletedAt !== null) continue;
    const organization = account.type === "Organization" ? organizationJson(world, account) : null;
    deliverInstallationEvent(world, "installation_target", installation, account, {
      action: "renamed",
      account: {
        ...accountJson(world, account),
        ...organization,
        created_at: account.createdAt,
        updated_at: account.updatedAt,
      },
      changes: { login: { from } },
      target_type: account.type,
      installation: { id: installation.id, node_id: toNodeId("Installation", installation.id) },
      ...(organization && { organization }),
    });
  }
}

function takeLogin({ state }: World, account: Account): void {
  const key = uniqueLogin(account);
  if (state.logins.has(key)) throw new Error(`The login ${account.login} is taken.`);
  state.logins.set(key, account);
}

/** The key that no two accounts share: the login, or the slug of a bot whose login is not unique. */
function uniqueLogin({ login, slug }: Account): string {
  return (slug === null ? login : `${slug}[bot]`).toLowerCase();
}

/** Says who is signed in on GitHub's pages. */
export function visitAs(world: World, visitor: Account): void {
  world.visitor = visitor;
}
