import type { PullRequestRow } from "../records/pull-request.ts";
import type { CaptureContext } from "./context-types.ts";
import type { FileList, PullRequestOutcome } from "./merge-types.ts";
import { call, type Store } from "./store.ts";

/** Merges a full observation of a pull request. */
export async function mergePullRequestDetails(
  store: Store,
  context: CaptureContext,
  pullRequest: PullRequestRow,
): Promise<PullRequestOutcome> {
  return call(store, "capture_merge_pull_request", { context, pull_request: pullRequest });
}

/** Replaces all files of a pull request. Returns false and stores nothing when it has another head or base by now. */
export async function replaceFiles(
  store: Store,
  context: CaptureContext,
  number: number,
  list: FileList,
): Promise<boolean> {
  return call(store, "capture_replace_files", { context, number, list });
}
