import { fromGraphqlActor } from "./graphql-actor.ts";
import {
  fromGraphqlAccounts,
  fromGraphqlPullRequest,
  graphqlPullRequest,
  type GraphqlPullRequest,
  type SyncedPullRequestRow,
} from "./graphql-pull-request.ts";
import type { GitHubAccount } from "./account.ts";

/** An entry of an answer's `errors` that belongs to a node. `path` starts at the node. */
export interface NodeError {
  type: string;
  path: readonly (string | number)[];
}

export type PullRequestList = "files" | "reviews" | "comments" | "reviewThreads";

/** A pull request read from one node of an answer. */
export interface ReadPullRequest {
  pullRequest: GraphqlPullRequest;
  /** Unknown columns are undefined. */
  row: SyncedPullRequestRow;
  /** The accounts of the pull request, and the authors of its reviews and comments. */
  accounts: (GitHubAccount | null)[];
  /** Lists that GitHub could not load completely: the list, an item or an item's field is missing. */
  missing: PullRequestList[];
  /** True when GitHub withheld a field of the pull request itself that REST might have. */
  lacksDetails: boolean;
}

const lists = ["files", "reviews", "comments", "reviewThreads"] as const satisfies PullRequestList[];

/**
 * True when GitHub withheld a field that the App's permissions do not cover: commits need contents, teams need members. The null means
 * "unknown", and REST would withhold it too.
 * https://docs.github.com/rest/authentication/permissions-required-for-github-apps
 */
export function isHidden({ type, path }: Pick<NodeError, "type" | "path">): boolean {
  return type === "FORBIDDEN" && ["commit", "mergeCommit", "requestedReviewer"].includes(String(path.at(-1)));
}

/**
 * Reads one pull request of a GraphQL answer. A field that GitHub could not load is null and named in `errors`, so its column is left out.
 * Throws a `ZodError` when the node has no id, number or clock.
 */
export function readGraphqlPullRequest(node: unknown, errors: readonly NodeError[]): ReadPullRequest {
  const known = structuredClone(node);
  for (const { path } of errors) removeNull(known, path);
  const missing = lists.filter((list) => isMissing(known, list, errors));
  const pullRequest = graphqlPullRequest.parse(known);
  const { reviews, comments } = pullRequest;
  return {
    pullRequest,
    row: fromGraphqlPullRequest(pullRequest),
    accounts: [
      ...fromGraphqlAccounts(pullRequest),
      ...[...(reviews?.nodes ?? []), ...(comments?.nodes ?? [])].map(({ author }) =>
        fromGraphqlActor(author),
      ),
    ],
    missing,
    lacksDetails: errors.some((error) => !isHidden(error) && !lists.some((list) => list === error.path[0])),
  };
}

/**
 * Removes the null of an error. It can be above the failed field, because GraphQL moves it up to the nearest nullable field. A null in an
 * array stays, so that the other items keep their positions.
 */
function removeNull(value: unknown, path: readonly (string | number)[]): void {
  const [key, ...rest] = path;
  if (key === undefined || !isObject(value)) return;
  const next = value[key];
  if (next === null || next === undefined) {
    if (!Array.isArray(value)) delete value[key];
    return;
  }
  removeNull(next, rest);
}

/**
 * True when the list must be read again: it is incomplete, or GitHub withheld a field of an item, such as a review's author. For the files
 * of a pull request that changes none, GitHub returns null without an error.
 */
function isMissing(node: unknown, list: PullRequestList, errors: readonly NodeError[]): boolean {
  if (!isObject(node)) return false;
  const found = node[list];
  if (found === null && list === "files" && node["changedFiles"] === 0) return false;
  if (!isObject(found) || !Array.isArray(found["nodes"]) || found["nodes"].includes(null)) return true;
  return errors.some((error) => error.path[0] === list && !isHidden(error));
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}
