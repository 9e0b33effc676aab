import type { InstallationRow } from "../records/installation.ts";
import type { CaptureContext, InstallationContext } from "./context-types.ts";
import type { InstallationOutcome, InstalledRepository } from "./repository-types.ts";
import { call, type Store } from "./store.ts";

/**
 * Merges a payload or list of an installation. Returns the repositories to sync, again after a repeated call, and the ambiguous ones; the job
 * goes on while there are any.
 */
export async function mergeInstallation(
  store: Store,
  context: InstallationContext,
  merge: {
    installation: InstallationRow;
    added: InstalledRepository[];
    removed: InstalledRepository[];
    /** True: the App was uninstalled. */
    deleted: boolean;
    /** True: sync all repositories of the installation, not only those added. */
    everything: boolean;
    /** True: delete the rows that were captured through an uninstalled App. */
    purge: boolean;
  },
): Promise<InstallationOutcome> {
  return call(store, "capture_merge_installation", { context, ...merge });
}

/** Records which installation a repository is in, as GitHub answered; null for none. Returns whether the repository is synced next. */
export async function resolveInstalled(
  store: Store,
  context: Pick<CaptureContext, "repository" | "installation_id" | "fetched_at" | "job">,
  answer: { id: number; updated_at: string } | null,
  finished: boolean,
): Promise<boolean> {
  return call(store, "capture_resolve_installed", { context, answer, finished });
}
