import type { PullRequestRow } from "../records/rows.ts";
import type { CaptureContext, FileList, PullRequestOutcome } from "./functions.ts";
import { call, type Store } from "./store.ts";

/** Writes it if it is newer than what is there, and says what became of it. */
export async function mergePullRequest(
  store: Store,
  context: CaptureContext,
  pullRequest: PullRequestRow,
): Promise<PullRequestOutcome> {
  return call(store, "capture_merge_pull_request", { context, pull_request: pullRequest });
}

/** Replaces the files as a whole. False when the pull request has another head or base by now: nothing was written. */
export async function replaceFiles(
  store: Store,
  context: CaptureContext,
  number: number,
  list: FileList,
): Promise<boolean> {
  return call(store, "capture_replace_files", { context, number, list });
}
