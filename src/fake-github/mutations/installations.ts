import { deliverInstallationEvent } from "../delivery.ts";
import { installationJson } from "../json/installation.ts";
import { repositoryReferenceJson } from "../json/repository.ts";
import type { Account, Installation, Repository } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";

export interface InstallOptions {
  account: Account;
  /** Left out: all current and future repositories of the account. */
  repositories?: Repository[];
  by?: Account;
  id?: number;
}

export function install(
  world: World,
  { account, repositories, by = account, id }: InstallOptions,
): Installation {
  const now = currentTimestamp(world);
  const owned = [...world.state.repositories.values()].filter(
    (repository) => repository.owner === account && !repository.deleted,
  );
  const installation: Installation = {
    kind: "installation",
    id: id ?? nextId(world, "installation"),
    account,
    repositorySelection: repositories === undefined ? "all" : "selected",
    repositories: new Set(repositories ?? owned),
    permissions: { ...world.app.permissions },
    events: [...world.app.events],
    suspendedAt: null,
    suspendedBy: null,
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
  };
  world.state.installations.set(installation.id, installation);
  deliver(world, installation, "created", by, {
    repositories: references(installation.repositories),
    requester: null,
  });
  return installation;
}

/** Ends the installation and its tokens. Installing again creates another installation. */
export function uninstall(
  world: World,
  installation: Installation,
  by: Account = installation.account,
): void {
  installation.deletedAt = currentTimestamp(world);
  deliver(world, installation, "deleted", by, { repositories: references(installation.repositories) });
}

export function suspend(world: World, installation: Installation, by: Account = installation.account): void {
  installation.suspendedAt = touch(world, installation);
  installation.suspendedBy = by;
  deliver(world, installation, "suspend", by, {});
}

export function unsuspend(
  world: World,
  installation: Installation,
  by: Account = installation.account,
): void {
  touch(world, installation);
  installation.suspendedAt = null;
  installation.suspendedBy = null;
  deliver(world, installation, "unsuspend", by, {});
}

export function acceptNewPermissions(
  world: World,
  installation: Installation,
  granted: Record<string, "read" | "write">,
  by: Account = installation.account,
): void {
  touch(world, installation);
  installation.permissions = { ...installation.permissions, ...granted };
  deliver(world, installation, "new_permissions_accepted", by, {
    repositories: references(installation.repositories),
  });
}

export function addToInstallation(
  world: World,
  installation: Installation,
  repositories: Repository[],
  by?: Account,
): void {
  for (const repository of repositories) installation.repositories.add(repository);
  changeRepositories(world, installation, "added", repositories, by);
}

export function removeFromInstallation(
  world: World,
  installation: Installation,
  repositories: Repository[],
  by?: Account,
): void {
  for (const repository of repositories) installation.repositories.delete(repository);
  changeRepositories(world, installation, "removed", repositories, by);
}

function changeRepositories(
  world: World,
  installation: Installation,
  action: "added" | "removed",
  repositories: Repository[],
  by: Account = installation.account,
): void {
  touch(world, installation);
  deliverInstallationEvent(world, "installation_repositories", installation, by, {
    action,
    installation: installationJson(world, installation),
    repository_selection: installation.repositorySelection,
    repositories_added: action === "added" ? references(repositories) : [],
    repositories_removed: action === "removed" ? references(repositories) : [],
    requester: null,
  });
}

function deliver(
  world: World,
  installation: Installation,
  action: string,
  by: Account,
  content: Record<string, unknown>,
): void {
  deliverInstallationEvent(world, "installation", installation, by, {
    action,
    installation: installationJson(world, installation),
    ...content,
  });
}

function references(repositories: Iterable<Repository>) {
  return Array.from(repositories, repositoryReferenceJson);
}

function touch(world: World, installation: Installation): string {
  installation.updatedAt = currentTimestamp(world);
  return installation.updatedAt;
}
