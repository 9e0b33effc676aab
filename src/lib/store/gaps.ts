import type { Analysis, GapKind } from "../../api/contract.ts";
import { call, type Store } from "./store.ts";

/**
 * Compares one repository, or all that are captured, with GitHub. Lists gaps of the given kinds (default: all), newest pull request first. An
 * unknown repository has no figures.
 */
export async function analyzeGaps(
  store: Store,
  options: { repositoryId?: number | null; kinds?: GapKind[] | undefined; limit?: number | undefined },
): Promise<Analysis> {
  const { repositoryId = null, kinds = null, limit = null } = options;
  return call(store, "capture_analyze", { repository_id: repositoryId, kinds, max_gaps: limit });
}
