import { deliverRepositoryEvent } from "../delivery.ts";
import { accountJson, organizationJson } from "../json/account.ts";
import { fullName, installationOf } from "../state.ts";
import type { Account, Installation, Repository } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";

export interface RepositoryOptions {
  owner: Account;
  name: string;
  private?: boolean;
  fork?: boolean;
  defaultBranch?: string;
  description?: string;
  id?: number;
}

/** Creates a repository, in the owner's installation if that covers all repositories. A former name of another repository is taken over. */
export function createRepository(world: World, options: RepositoryOptions): Repository {
  const now = currentTimestamp(world);
  const repository: Repository = {
    kind: "repository",
    id: options.id ?? nextId(world, "repository"),
    owner: options.owner,
    name: options.name,
    description: options.description ?? null,
    private: options.private ?? false,
    archived: false,
    fork: options.fork ?? false,
    defaultBranch: options.defaultBranch ?? "main",
    deleted: false,
    nextNumber: 1,
    pullRequests: new Map(),
    issues: new Map(),
    labels: new Map(),
    milestones: [],
    nextMilestoneNumber: 1,
    collaborators: new Set(),
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
  };
  takeName(world, repository);
  world.state.repositories.set(repository.id, repository);
  installationForAll(world, options.owner)?.repositories.add(repository);
  deliverRepositoryEvent(world, "repository", repository, options.owner, { action: "created" });
  return repository;
}

export function renameRepository(
  world: World,
  repository: Repository,
  name: string,
  by: Account = repository.owner,
): void {
  const from = repository.name;
  repository.name = name;
  takeName(world, repository);
  deliver(world, repository, "renamed", by, { changes: { repository: { name: { from } } } });
}

/** Transfers a repository out of the old owner's installation, and into the new owner's if that covers all repositories. */
export function transferRepository(
  world: World,
  repository: Repository,
  owner: Account,
  by: Account = repository.owner,
): void {
  const former = repository.owner;
  const formerInstallation = installationOf(world.state, repository);
  repository.owner = owner;
  takeName(world, repository);
  formerInstallation?.repositories.delete(repository);
  const installation = installationForAll(world, owner);
  installation?.repositories.add(repository);
  const from =
    former.type === "Organization"
      ? { organization: organizationJson(world, former) }
      : { user: accountJson(world, former) };
  deliver(
    world,
    repository,
    "transferred",
    by,
    { changes: { owner: { from } } },
    installation ?? formerInstallation,
  );
}

export function deleteRepository(world: World, repository: Repository, by: Account = repository.owner): void {
  deliver(world, repository, "deleted", by, {});
  repository.deleted = true;
  for (const [name, named] of world.state.names) if (named === repository) world.state.names.delete(name);
  for (const installation of world.state.installations.values()) installation.repositories.delete(repository);
}

/**
 * Restores a deleted repository without a webhook: none of the documented actions is sent. It keeps its id, but its pull requests lose their
 * labels. https://docs.github.com/repositories/creating-and-managing-repositories/restoring-a-deleted-repository
 */
export function restoreRepository(world: World, repository: Repository): void {
  repository.deleted = false;
  takeName(world, repository);
  for (const pullRequest of repository.pullRequests.values()) pullRequest.labels = [];
  installationForAll(world, repository.owner)?.repositories.add(repository);
}

export function archiveRepository(
  world: World,
  repository: Repository,
  by: Account = repository.owner,
): void {
  repository.archived = true;
  deliver(world, repository, "archived", by, {});
}

export function unarchiveRepository(
  world: World,
  repository: Repository,
  by: Account = repository.owner,
): void {
  repository.archived = false;
  deliver(world, repository, "unarchived", by, {});
}

export function privatizeRepository(
  world: World,
  repository: Repository,
  by: Account = repository.owner,
): void {
  repository.private = true;
  deliver(world, repository, "privatized", by, {});
}

export function publicizeRepository(
  world: World,
  repository: Repository,
  by: Account = repository.owner,
): void {
  repository.private = false;
  deliver(world, repository, "publicized", by, {});
}

export function editRepository(
  world: World,
  repository: Repository,
  edit: { description?: string | null; defaultBranch?: string },
  by: Account = repository.owner,
): void {
  const changes: Record<string, { from: string | null }> = {};
  if (edit.description !== undefined && edit.description !== repository.description) {
    changes["description"] = { from: repository.description };
    repository.description = edit.description;
  }
  if (edit.defaultBranch !== undefined && edit.defaultBranch !== repository.defaultBranch) {
    changes["default_branch"] = { from: repository.defaultBranch };
    repository.defaultBranch = edit.defaultBranch;
  }
  if (Object.keys(changes).length > 0) deliver(world, repository, "edited", by, { changes });
}

export function addCollaborator(_world: World, repository: Repository, account: Account): void {
  repository.collaborators.add(account);
}

function takeName({ state }: World, repository: Repository): void {
  const key = fullName(repository).toLowerCase();
  const holder = state.names.get(key);
  if (holder && holder !== repository && fullName(holder).toLowerCase() === key)
    throw new Error(`The repository ${key} exists.`);
  state.names.set(key, repository);
}

function installationForAll({ state }: World, owner: Account): Installation | null {
  for (const installation of state.installations.values()) {
    const { account, repositorySelection, deletedAt } = installation;
    if (account === owner && repositorySelection === "all" && deletedAt === null) return installation;
  }
  return null;
}

function deliver(
  world: World,
  repository: Repository,
  action: string,
  by: Account,
  content: Record<string, unknown>,
  installation: Installation | null = installationOf(world.state, repository),
): void {
  repository.updatedAt = currentTimestamp(world);
  deliverRepositoryEvent(world, "repository", repository, by, { action, ...content }, installation);
}
