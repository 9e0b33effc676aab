import type { CaptureContext, InstallationContext } from "./context-types.ts";
import type { DifferentTitles, ListedTitles, Title } from "./repository-types.ts";
import { call, type Store } from "./store.ts";

/**
 * Merges names of labels and milestones, also in the pull requests that have them. Returns the keys of ambiguous milestones. `asked` is true when
 * GitHub is asked next, so the job goes on.
 */
export async function mergeTitles(
  store: Store,
  context: CaptureContext,
  titles: readonly Title[],
  asked: boolean,
): Promise<string[]> {
  return call(store, "capture_merge_titles", { context, titles: [...titles], asked });
}

/** Returns the labels and milestones whose names in the rows differ from GitHub's. */
export async function compareTitles(
  store: Store,
  states: readonly ListedTitles[],
): Promise<DifferentTitles[]> {
  return call(store, "capture_compare_titles", { states: [...states] });
}

/** Records the new login of an installation's account as the owner of its repositories. */
export async function mergeAccountRename(
  store: Store,
  context: InstallationContext,
  former: string | null,
): Promise<void> {
  await call(store, "capture_rename_account", { context, former });
}

/** True when the account is recorded with this login. */
export async function knowsAccount(store: Store, { id, login }: { id: number; login: string }) {
  return call(store, "capture_knows_account", { account: { id, login } });
}
