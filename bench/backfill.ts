/**
 * A history of 1,000 pull requests, read by pr-capture's sync and by three other ways, each really run against the stand-in GitHub;
 * then the same with long tails: hundreds of comments, over 100 reviews, over 3,000 files.
 *
 * requests  all but those for tokens, which have a column of their own
 * points    of GraphQL, by the formula of GitHub's documentation
 * rows      the share of all true pull requests, files, reviews and comments. pr-capture's are compared column by column; of the
 *           others every row counts that they could have written from what they read
 * least     the fewest requests that could carry the rows of that line, computed from the rows alone: GitHub's pages of 100 everywhere, a
 *           query full of lists; see `leastRequests`. It takes review comments from REST, as a thread's comments lie one list deeper in
 *           GraphQL; what the bound would be without that choice is printed below the table
 * own work  the processor time of the run, HTTP included, less that of the stand-in's answers; pr-capture's with its database and queue,
 *           which run in this process, the others' without any: they store nothing
 * at 200 ms own work, and 200 ms for every request, one after another, tokens too. No way waits for a rate limit here, which on GitHub
 *           whoever asks for more than 5,000 an hour would
 */
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { toTruth, type Truth } from "../src/demo/truth.ts";
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
const goals = { requests: 80, points: 250, ratio: 1.25 };

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
    `with long tails at most ${goals.ratio} times the least`,
    withTails.ratio <= goals.ratio,
    withTails.ratio.toFixed(2),
  ),
  goal("every row as on GitHub, in both", differences.length === 0, `${differences.length} differ`),
];
for (const difference of differences.slice(0, 20)) print(`  ${difference}`);
if (reached.includes(false)) process.exitCode = 1;

/** Prints one table. Returns pr-capture's figures. */
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
    [
      "",
      "requests",
      "of them GraphQL",
      "points",
      "tokens",
      "rows",
      "least",
      "ratio",
      "own work",
      "at 200 ms",
    ],
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
    `The least for all rows: ${graphql} queries, ${renamedFiles} lists of renamed files, ${reviewComments} pages of review comments: ${total}.`,
  );
  print(
    `Were the review comments read by GraphQL too, up to 40 threads with each of 100 pull requests: ${graphql + renamedFiles}.`,
  );
  const [ours] = results;
  if (!ours) throw new Error("Nothing was measured.");
  return ours;
}

function describe(truth: Truth): string {
  const renamed = truth.pull_request_files.filter((row) => row["previous_filename"] !== null).length;
  const nobody = [...truth.pull_requests, ...truth.reviews, ...truth.comments].filter(
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
    `${nobody} rows by deleted accounts`,
  ].join(", ");
}

function goal(what: string, isReached: boolean, figure: string | number): boolean {
  print(`Goal: ${what}: ${figure}, ${isReached ? "met" : "missed"}.`);
  return isReached;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
