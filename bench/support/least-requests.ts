import type { Truth } from "../../src/testing/truth.ts";
import type { CountedTable } from "./seen-rows.ts";

/** GitHub's largest page, in REST and GraphQL. */
const perPage = 100;

/** A lower bound and its parts. */
export interface LeastRequests {
  graphql: number;
  renamedFiles: number;
  reviewComments: number;
  total: number;
}

/**
 * Computes the fewest requests that can read these rows:
 *
 * - GraphQL: a query reads 100 pull requests, each with the first 100 of its files, reviews and issue comments. It can also read the next pages
 *   of any number of lists. But a list of n pages takes n queries, because each page names the start of the next. The bound is the number of
 *   pages of pull requests or of the longest list, whichever is larger.
 * - Renamed files: only REST has their former names, with 100 files of one pull request in a request.
 * - Review comments: 100 in a request, from REST's listing for the whole repository.
 */
export function leastRequests(rows: Pick<Truth, CountedTable>): LeastRequests {
  const files = countByPullRequest(rows.pull_request_files);
  const renamed = new Set(
    rows.pull_request_files
      .filter((row) => row["previous_filename"] !== null)
      .map((row) => row["pull_request_number"]),
  );
  const isRenamed = (number: unknown) => renamed.has(number);
  const lists = [
    ...[...files].filter(([number]) => !isRenamed(number)).map(([, count]) => count),
    ...countByPullRequest(rows.reviews).values(),
    ...countByPullRequest(rows.comments.filter((row) => row["kind"] === "issue")).values(),
  ];
  const graphql = Math.max(pages(rows.pull_requests.length), ...lists.map(pages));
  const renamedFiles = [...files]
    .filter(([number]) => isRenamed(number))
    .reduce((sum, [, count]) => sum + pages(count), 0);
  const reviewComments = pages(rows.comments.filter((row) => row["kind"] === "review").length);
  return { graphql, renamedFiles, reviewComments, total: graphql + renamedFiles + reviewComments };
}

function countByPullRequest(rows: readonly Record<string, unknown>[]): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const { pull_request_number: number } of rows) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

function pages(items: number): number {
  return Math.ceil(items / perPage);
}
