/**
 * Reads a history of 1,000 pull requests from the fake GitHub with pr-capture's sync and with three other methods, then a history with long
 * tails: hundreds of comments, over 100 reviews, over 3,000 files.
 *
 * requests  all requests except those for tokens, which have their own column
 * points    GraphQL points, by GitHub's published formula
 * rows      the share of all pull requests, files, reviews and comments. pr-capture's rows are compared column by column. The other methods
 *           store nothing; every row counts that they could have written
 * least     the fewest requests that can read the rows of this line, computed from the rows: full pages of 100 and queries full of lists, see
 *           `leastRequests`. It reads review comments with REST, because GraphQL has them one list deeper; the bound without that choice is
 *           printed below the table
 * own work  the processor time of the run with HTTP, without that of the fake GitHub. pr-capture's includes its database and queue
 * at 200 ms own work plus 200 ms for every request, including tokens, one after another. There is no rate limit here; on GitHub, a method with
 *           more than 5,000 requests an hour would have to wait
 */
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { toTruth, type Truth } from "../src/testing/truth.ts";
import { readFirstPages } from "./support/first-pages-backfill.ts";
import { createHistory, type History } from "./support/history.ts";
import { leastRequests } from "./support/least-requests.ts";
import { measureBackfill, type Backfill, type Measured } from "./support/measure-backfill.ts";
import { openReadingBackfill } from "./support/reading-backfill.ts";
import { readByRest } from "./support/rest-backfill.ts";
import { countRows, whereSeen } from "./support/seen-rows.ts";
import { openSyncBackfill } from "./support/sync-backfill.ts";
import { readWithoutFiles } from "./support/without-files-backfill.ts";

const count = 1000;
const secondsPerRequest = 0.2;
const goals = { requests: 85, points: 250, ratio: 1.25 };

const differences: string[] = [];
const methods: [string, (history: History) => Promise<Backfill>][] = [
  ["pr-capture", (history) => openSyncBackfill(history, (difference) => differences.push(difference))],
  ["REST for each pull request", async (history) => openReadingBackfill(history, readByRest)],
  [
    "a query for each pull request, first pages",
    async (history) => openReadingBackfill(history, readFirstPages),
  ],
  ["queries of ten, no files", async (history) => openReadingBackfill(history, readWithoutFiles)],
];

const usual = await compare(false);
print();
const withTails = await compare(true);
print();

const reached = [
  goal(`at most ${goals.requests} requests`, usual.requests <= goals.requests, usual.requests),
  goal(`at most ${goals.points} points`, usual.points <= goals.points, usual.points),
  goal(
    `with long tails, at most ${goals.ratio} times the least`,
    withTails.ratio <= goals.ratio,
    withTails.ratio.toFixed(2),
  ),
  goal("every row equal to GitHub's, in both", differences.length === 0, `${differences.length} differ`),
];
for (const difference of differences.slice(0, 20)) print(`  ${difference}`);
if (reached.includes(false)) process.exitCode = 1;

/** Prints one table and returns pr-capture's figures. */
async function compare(longTails: boolean): Promise<Measured & { ratio: number }> {
  const history = await createHistory({ count, longTails });
  const truth = toTruth(history.github);
  print(
    `${count.toLocaleString("en")} pull requests${longTails ? " with long tails" : ""}: ${describe(truth)}`,
  );
  const results: (Measured & { name: string; share: number; least: number; ratio: number })[] = [];
  for (const [name, open] of methods) {
    const measured = await measureBackfill(history, open);
    const rows = whereSeen(truth, measured.rows);
    const { total: least } = leastRequests(rows);
    const share = countRows(rows) / countRows(truth);
    results.push({ ...measured, name, share, least, ratio: measured.requests / least });
  }
  await history.close();

  printTable(
    ["", "requests", "GraphQL", "points", "tokens", "rows", "least", "ratio", "own work", "at 200 ms"],
    results.map((result) => [
      result.name,
      result.requests,
      result.graphql,
      result.points,
      result.tokens,
      `${(Math.floor(result.share * 10_000) / 100).toFixed(2)} %`,
      result.least,
      result.ratio.toFixed(2),
      seconds(result.ownMs / 1000),
      seconds(result.ownMs / 1000 + (result.requests + result.tokens) * secondsPerRequest),
    ]),
  );
  const { graphql, renamedFiles, reviewComments, total } = leastRequests(truth);
  print(
    `The least for all rows is ${total}: ${graphql} queries, ${renamedFiles} pages of renamed files, ${reviewComments} pages of review comments.`,
  );
  print(
    `With review comments from GraphQL too, up to 40 threads with each of 100 pull requests: ${graphql + renamedFiles}.`,
  );
  const [ours] = results;
  if (!ours) throw new Error("Nothing was measured.");
  return ours;
}

function describe(truth: Truth): string {
  const renamed = truth.pull_request_files.filter((row) => row["previous_filename"] !== null).length;
  const withoutAuthor = [...truth.pull_requests, ...truth.reviews, ...truth.comments].filter(
    (row) => row["author_id"] === null,
  ).length;
  const of = (kind: string) => truth.comments.filter((row) => row["kind"] === kind).length;
  const kinds = [...new Set(truth.accounts.map((row) => String(row["type"])))].toSorted();
  return [
    `${truth.pull_request_files.length} files (${renamed} renamed)`,
    `${truth.reviews.length} reviews`,
    `${of("review")} review comments`,
    `${of("issue")} comments`,
    `by ${kinds.join(", ")}`,
    `${withoutAuthor} rows by deleted accounts`,
  ].join(", ");
}

function goal(what: string, isReached: boolean, figure: string | number): boolean {
  print(`Goal: ${what}: ${figure}, ${isReached ? "met" : "missed"}.`);
  return isReached;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
