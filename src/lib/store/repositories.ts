import type { RepositoryRow } from "../records/repository.ts";
import type { CaptureContext } from "./context-types.ts";
import type { FoundRepository } from "./repository-types.ts";
import type { StoreFunctions } from "./sql-functions.ts";
import { call, type Store } from "./store.ts";

/** Finds a repository by GitHub's id or "owner/name". Returns null when it is unknown or was deleted. */
export async function findRepository(store: Store, repository: string): Promise<FoundRepository | null> {
  return call(store, "capture_find_repository", { repository });
}

/** Merges a repository payload. */
export async function mergeRepository(
  store: Store,
  context: CaptureContext,
  merge: {
    repository: RepositoryRow;
    deleted: boolean;
    /** True: GitHub is asked next which installation the repository is in, so the job goes on. */
    asked: boolean;
    /** True: rows captured through an uninstalled App are deleted, so nothing is written for it. */
    purge: boolean;
  },
): Promise<StoreFunctions["capture_merge_repository"]["Returns"]> {
  return call(store, "capture_merge_repository", { context, ...merge });
}

/** Records a repository that GitHub was asked for by name. Returns null when it was deleted. */
export async function ensureRepository(
  store: Store,
  context: Omit<CaptureContext, "job">,
  repository: RepositoryRow,
): Promise<FoundRepository | null> {
  return call(store, "capture_ensure_repository", { context, repository });
}
