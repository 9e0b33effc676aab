import type { PullRequestSummary } from "../../api/console-contract.ts";
import { call, type Store } from "./store.ts";
import type { StoredPullRequest, StoredView } from "./view-types.ts";

/** GitHub lists no more files. */
const maxFiles = 3000;
const maxTimelineItems = 2000;

/** Lists the pull requests that were updated last, of one repository or of all (null). `search` is a number, or part of a title. */
export async function listPullRequests(
  store: Store,
  options: { repositoryId: number | null; search: string | null; limit: number },
): Promise<PullRequestSummary[]> {
  return call(store, "capture_list_pull_requests", {
    repository_id: options.repositoryId,
    search: options.search,
    max_items: options.limit,
  });
}

/** Returns everything that is captured of a pull request, or null. */
export async function viewPullRequest(
  store: Store,
  pullRequest: { owner: string; name: string; number: number },
): Promise<StoredView | null> {
  return call(store, "capture_view_pull_request", {
    ...pullRequest,
    max_files: maxFiles,
    max_items: maxTimelineItems,
  });
}

/** Returns the rows of a pull request, or null. */
export async function readRows(
  store: Store,
  repositoryId: number,
  number: number,
): Promise<StoredPullRequest | null> {
  return call(store, "capture_read_rows", { repository_id: repositoryId, number });
}
