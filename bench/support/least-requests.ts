import type { Truth } from "../../src/demo/truth.ts";
import type { CountedTable } from "./seen-rows.ts";

/** GitHub's largest page, of REST and of GraphQL alike. */
const perPage = 100;

/** A lower bound, and what it is made of. */
export interface LeastRequests {
  graphql: number;
  renamedFiles: number;
  reviewComments: number;
  total: number;
}

/**
 * The fewest requests that could carry these rows, from the rows alone:
 *
 * - GraphQL: 100 pull requests a query, each with the first 100 of its files, reviews and issue comments. One query may carry the next
 *   pages of any number of lists, beside new pull requests too; but a list's page names where the next begins, so a list of n pages takes
 *   n queries. Hence: the pages of pull requests, or those of the longest list if it has more.
 * - Renamed files: only REST tells their former names, 100 files of one pull request a request.
 * - Review comments: 100 a request, from REST's listing for the whole repository.
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
