import type { RepositoryRow } from "../records/rows.ts";
import type { CaptureContext, FoundRepository, StoreFunctions } from "./functions.ts";
import { call, type Store } from "./store.ts";

/** By GitHub's id or "owner/name". Null when it has not been seen or is gone. */
export async function findRepository(store: Store, repository: string): Promise<FoundRepository | null> {
  return call(store, "capture_find_repository", { repository });
}

/** Writes what is newer than what is there, and says what became of it. */
export async function mergeRepository(
  store: Store,
  context: CaptureContext,
  merge: {
    repository: RepositoryRow;
    deleted: boolean;
    /** GitHub is to be asked next which installation the repository is in: the job goes on. */
    asked: boolean;
    /** Whether what was captured through an uninstalled App is deleted: then nothing of it is written. */
    purge: boolean;
  },
): Promise<StoreFunctions["capture_merge_repository"]["Returns"]> {
  return call(store, "capture_merge_repository", { context, ...merge });
}

/** Keeps a repository that GitHub was asked about by name. Null when it is known to be gone. */
export async function meetRepository(
  store: Store,
  context: Omit<CaptureContext, "job">,
  repository: RepositoryRow,
): Promise<FoundRepository | null> {
  return call(store, "capture_meet_repository", { context, repository });
}
