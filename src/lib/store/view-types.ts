import type { PullRequestView } from "../../api/console-contract.ts";

/** A pull request as SQL returns it: without links. */
export type StoredView = Omit<PullRequestView, "url" | "timeline"> & {
  timeline: Omit<PullRequestView["timeline"][number], "url">[];
};

/** The rows of a pull request as Postgres converts them to JSON. */
export interface StoredPullRequest {
  pull_request: Record<string, unknown>;
  files: Record<string, unknown>[];
  reviews: Record<string, unknown>[];
  comments: Record<string, unknown>[];
}
