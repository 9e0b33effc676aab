import type { Analysis, GapKind } from "./functions.ts";
import { call, type Store } from "./store.ts";

/**
 * What is captured of one repository, or of all whose captures go on, and the gaps: newest pull request first, of these kinds and at most
 * so many where given. A repository that is not known has no figures.
 */
export async function analyzeGaps(
  store: Store,
  options: { repositoryId?: number | null; kinds?: GapKind[] | undefined; limit?: number | undefined },
): Promise<Analysis> {
  const { repositoryId = null, kinds = null, limit = null } = options;
  return call(store, "capture_analyze", { repository_id: repositoryId, kinds, max_gaps: limit });
}
