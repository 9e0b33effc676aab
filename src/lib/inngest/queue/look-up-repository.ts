import type { RepositoryId } from "../../../api/contract.ts";
import type { GitHub } from "../../github/client.ts";
import { resolveRepositoryName } from "../../github/resolve-repository-name.ts";
import { toRepository } from "../../records/repository.ts";
import type { FoundRepository } from "../../store/repository-types.ts";
import { ensureRepository, findRepository } from "../../store/repositories.ts";
import type { Store } from "../../store/store.ts";
import { GitHubNotAskedError, UnknownRepositoryError } from "./errors.ts";

/** Finds a repository in the database, or else on GitHub. Throws an `UnknownRepositoryError` or a `GitHubNotAskedError`. */
export async function lookUpRepository(
  { store, github }: { store: Store; github: GitHub },
  repositoryId: RepositoryId,
): Promise<FoundRepository> {
  const repository = String(repositoryId);
  const found =
    (await findRepository(store, repository)) ?? (await findOnGitHub({ store, github }, repository));
  if (!found) throw new UnknownRepositoryError(repositoryId);
  return found;
}

/** Null for an id, which GitHub is not asked for, and for a name that GitHub does not show. */
async function findOnGitHub(
  { store, github }: { store: Store; github: GitHub },
  repository: string,
): Promise<FoundRepository | null> {
  const [owner, name] = repository.split("/");
  if (!owner || !name) return null;
  const found = await resolveRepositoryName(github, owner, name).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new GitHubNotAskedError(
      `pr-capture has not seen the repository ${repository}, and GitHub could not be asked: ${why}`,
    );
  });
  if (!found) return null;
  const { id, owner: account, name: named } = found.repository;
  return ensureRepository(
    store,
    {
      repository: { id, owner: account.login, name: named, seen_at: found.date },
      installation_id: found.installationId,
      accounts: [],
      observed_at: found.date,
      fetched_at: found.date,
    },
    toRepository(found.repository),
  );
}
