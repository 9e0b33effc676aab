import type { Account, AccountType, Team } from "../state.ts";
import { nextId, timestamp } from "../world.ts";
import type { World } from "../world.ts";

export interface AccountOptions {
  /** Without a bot's `[bot]`. */
  login: string;
  type?: AccountType;
  name?: string;
  id?: number;
}

/** Throws when another account holds the login. */
export function createAccount(world: World, { login, type = "User", name, id }: AccountOptions): Account {
  const now = timestamp(world);
  const account: Account = {
    kind: "account",
    id: id ?? nextId(world, "account"),
    type,
    login: type === "Bot" ? `${login}[bot]` : login,
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
  { organization, name }: { organization: Account; name: string },
): Team {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const team: Team = { kind: "team", id: nextId(world, "team"), organization, name, slug };
  organization.teams.push(team);
  world.state.teams.set(team.id, team);
  return team;
}

/** Its login is free again, what it wrote has no author, and nobody asks it for reviews. GitHub tells no App. */
export function deleteAccount(world: World, account: Account): void {
  account.deleted = true;
  world.state.logins.delete(account.login.toLowerCase());
  for (const pullRequest of world.state.pullRequests.values()) {
    pullRequest.requestedReviewers = pullRequest.requestedReviewers.filter(
      (reviewer) => reviewer !== account,
    );
    pullRequest.assignees = pullRequest.assignees.filter((assignee) => assignee !== account);
  }
}

/** Its repositories move with it, and their old names lead to them. The old login is anybody's. GitHub tells no App. */
export function renameAccount(world: World, account: Account, login: string): void {
  world.state.logins.delete(account.login.toLowerCase());
  account.login = account.type === "Bot" ? `${login}[bot]` : login;
  account.updatedAt = timestamp(world);
  takeLogin(world, account);
  for (const repository of world.state.repositories.values()) {
    if (repository.owner === account && !repository.deleted)
      world.state.names.set(`${login}/${repository.name}`.toLowerCase(), repository);
  }
}

function takeLogin({ state }: World, account: Account): void {
  const key = account.login.toLowerCase();
  if (state.logins.has(key)) throw new Error(`the login ${account.login} is taken`);
  state.logins.set(key, account);
}
