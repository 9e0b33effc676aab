import type { InstallationRow } from "../records/rows.ts";
import type {
  CaptureContext,
  InstallationContext,
  InstallationOutcome,
  InstalledRepository,
} from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * Writes what is newer than what is there. Returns the repositories to be synced, the same again for a second call, and those of which
 * it cannot tell whether they are in the installation: the job goes on while there are any.
 */
export async function mergeInstallation(
  store: Store,
  context: InstallationContext,
  merge: {
    installation: InstallationRow;
    added: InstalledRepository[];
    removed: InstalledRepository[];
    /** The App was uninstalled. */
    deleted: boolean;
    /** All repositories of the installation are to be synced, not only those added. */
    everything: boolean;
    /** Whether what was captured through an uninstalled App is deleted. */
    purge: boolean;
  },
): Promise<InstallationOutcome> {
  return call(store, "capture_merge_installation", { context, ...merge });
}

/** Notes GitHub's answer to which installation a repository is in; null for none. Returns whether it is to be synced through that one. */
export async function settleInstalled(
  store: Store,
  context: Pick<CaptureContext, "repository" | "installation_id" | "fetched_at" | "job">,
  answer: { id: number; updated_at: string } | null,
  finished: boolean,
): Promise<boolean> {
  return call(store, "capture_settle_installed", { context, answer, finished });
}
