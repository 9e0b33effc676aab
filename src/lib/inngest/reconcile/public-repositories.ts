import { RequestError } from "@octokit/request-error";
import { getRepository } from "../../github/get-repository.ts";
import type { GitHubClient } from "../../github/github-client.ts";
import { listShownRepositories, type ShownRepository } from "../../github/list-shown-repositories.ts";
import { repositoryBatchSize } from "../../github/list-newest-updates.ts";
import type { GitHubRepository } from "../../records/repository.ts";
import { forgetInventories, listPublicRepositories } from "../../store/reconciling.ts";
import type { PublicRepository, RepositoryName } from "../../store/repository-types.ts";
import type { Store } from "../../store/store.ts";
import { toBatches } from "../events/batches.ts";
import type { ReconcilingTools } from "./reconcile.ts";

/** Repositories that are read by id in one run, within the time of a serverless function. The next run reads more. */
const maxRead = 50;

/** What GitHub shows of the repositories that GITHUB_TOKEN reads. */
interface PublicRepositories {
  /** Those that GitHub shows under their known names. The next run compares the others, whose names are known by then. */
  named: RepositoryName[];
  /** Those with another name, or another value of a known column, and the time of the answer. */
  changed: { repository: GitHubRepository; date: string }[];
}

/**
 * Compares the public repositories with GitHub. Their names are read together; one that differs, or is not shown, is read by id. The state of
 * one that GitHub shows no more is unknown from then on.
 */
export async function comparePublicRepositories(
  store: Store,
  getClient: () => Promise<GitHubClient>,
  { record }: Pick<ReconcilingTools, "record">,
): Promise<PublicRepositories> {
  const known = await listPublicRepositories(store);
  if (known.length === 0) return { named: [], changed: [] };
  const client = await getClient();
  const shown = new Map<number, ShownRepository>();
  for (const batch of toBatches(known, repositoryBatchSize)) {
    const answer = await listShownRepositories(client, batch);
    await record({ points: answer.points });
    for (const repository of answer.shown) shown.set(repository.id, repository);
  }
  const isSame = (repository: PublicRepository) => isUnchanged(repository, shown.get(repository.id));
  const named = known.filter((repository) => hasName(repository, shown.get(repository.id)));
  const changed: PublicRepositories["changed"] = [];
  const unseen: number[] = [];
  for (const { id } of known.filter((each) => !isSame(each)).slice(0, maxRead)) {
    const found = await getRepositoryIfSeen(client, id);
    await record({ requests: 1 });
    if (found) changed.push({ repository: found.data, date: found.date });
    else unseen.push(id);
  }
  if (unseen.length > 0) await forgetInventories(store, unseen);
  return { named: named.map(({ id, owner, name }) => ({ id, owner, name })), changed };
}

function hasName(known: PublicRepository, shown: ShownRepository | undefined): boolean {
  return known.owner === shown?.owner && known.name === shown.name;
}

/** A column that one side does not know is no difference. GraphQL shows no default branch of an empty repository. */
function isUnchanged(known: PublicRepository, shown: ShownRepository | undefined): boolean {
  return (
    shown !== undefined &&
    hasName(known, shown) &&
    (known.archived ?? shown.archived) === shown.archived &&
    (known.default_branch ?? shown.default_branch) === (shown.default_branch ?? known.default_branch)
  );
}

/** Null when GitHub does not show it: it was deleted, made private or blocked. */
async function getRepositoryIfSeen(client: GitHubClient, id: number) {
  try {
    return await getRepository(client, id);
  } catch (error) {
    if (error instanceof RequestError && [404, 451].includes(error.status)) return null;
    throw error;
  }
}
