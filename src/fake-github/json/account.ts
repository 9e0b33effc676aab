import { toNodeId } from "../node-id.ts";
import { present } from "../state.ts";
import type { Account, Repository, Team } from "../state.ts";
import type { World } from "../world.ts";

export type AccountJson = ReturnType<typeof simpleUser>;

export function accountJson(world: World, account: Account): AccountJson {
  return simpleUser(world, account.id, account.login, account.type);
}

/** Returns null for null and for a deleted account. */
export function accountJsonOrNull(world: World, account: Account | null): AccountJson | null {
  const shown = present(account);
  return shown === null ? null : accountJson(world, shown);
}

/** The author of an issue, a pull request or an issue comment. github.com replaces a deleted one with a ghost. */
export function authorJson(world: World, author: Account): AccountJson | null {
  if (author.deleted && world.deletedAccounts === "ghost") return simpleUser(world, 10137, "ghost", "User");
  return accountJsonOrNull(world, author);
}

function simpleUser(world: World, id: number, login: string, type: Account["type"]) {
  const url = `${world.apiUrl}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id,
    node_id: toNodeId(type, id),
    avatar_url: avatarUrl(id, type),
    gravatar_id: "",
    url,
    html_url: accountHtmlUrl(world, login, type),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    ...(world.payloads === "current" && { user_view_type: "public" }),
    site_admin: false,
  };
}

export function avatarUrl(id: number, type: Account["type"]): string {
  return `https://avatars.githubusercontent.com/${type === "Bot" ? "in" : "u"}/${id}?v=4`;
}

export function accountHtmlUrl(world: World, login: string, type: Account["type"]): string {
  return type === "Bot"
    ? `${world.htmlUrl}/apps/${login.replace(/\[bot\]$/, "")}`
    : `${world.htmlUrl}/${login}`;
}

export function organizationJson(world: World, organization: Account) {
  const url = `${world.apiUrl}/orgs/${organization.login}`;
  return {
    login: organization.login,
    id: organization.id,
    node_id: toNodeId("Organization", organization.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: avatarUrl(organization.id, organization.type),
    description: "",
  };
}

export function teamJson(world: World, team: Team) {
  const url = `${world.apiUrl}/organizations/${team.organization.id}/team/${team.id}`;
  return {
    name: team.name,
    id: team.id,
    node_id: toNodeId("Team", team.id),
    slug: team.slug,
    type: team.type,
    description: "",
    privacy: "closed",
    notification_setting: "notifications_enabled",
    url,
    html_url: `${world.htmlUrl}/orgs/${team.organization.login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    permission: "pull",
    parent: null,
  };
}

export type Association = "OWNER" | "MEMBER" | "COLLABORATOR" | "MANNEQUIN" | "NONE";

/** The author's current role in the repository. It is computed for each answer, so it changes without an update. */
export function associationOf(author: Account, repository: Repository): Association {
  if (author.deleted) return "NONE";
  if (author === repository.owner) return "OWNER";
  if (author.type === "Mannequin") return "MANNEQUIN";
  if (repository.owner.members.has(author)) return "MEMBER";
  return repository.collaborators.has(author) ? "COLLABORATOR" : "NONE";
}
