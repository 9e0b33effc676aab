/**
 * Measures how long the analysis of 100,000 pull requests for gaps takes, and checks that it finds exactly the planted gaps: on PGlite in a
 * folder, like a small installation, and in a temporary database on the Postgres server of TEST_DATABASE_URL.
 *
 * The history is what complete captures leave: 50 repositories, one of them with a quarter of all pull requests. A sync has read four fifths,
 * and webhooks have announced the rest. Many pull requests have no files, reviews or comments. Some have tombstones, comments deleted after
 * GitHub counted them, or more rows than an old count. It contains planted gaps of every kind, 150 for each cause, and decoys that look like a
 * gap. A seed chooses both, and the list of gaps is kept outside the database. The gaps of a removed repository are decoys too.
 *
 * planted, found  gaps by kind, repository and pull request. The missing pull requests of a repository are one gap
 * precision       the share of the found gaps that were planted
 * recall          the share of the planted gaps that were found
 * as many         the share of the gaps in both with the planted number of missing rows
 * ms              the median time from the call to the parsed answer with all gaps
 */
import { percentile } from "../src/testing/percentile.ts";
import { print } from "../src/testing/print.ts";
import { printTable } from "../src/testing/print-table.ts";
import { migrate } from "../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../src/lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "../src/lib/embedded/supabase-fetch.ts";
import type { Analysis } from "../src/api/contract.ts";
import { analyzeGaps } from "../src/lib/store/gaps.ts";
import { createStore } from "../src/lib/store/store.ts";
import { createDatabaseOn, openFolder } from "./support/bench-databases.ts";
import { fillHistory } from "./support/fill-history.ts";
import { plantGaps } from "./support/plant-gaps.ts";
import { decoys, planHistory, plants, toKey, type PlantedGap } from "./support/planted-gaps.ts";

const total = 100_000;
const seed = 1;
const warmUps = 2;
const rounds = 11;
const goalMs = 300;

interface Question {
  name: string;
  /** Null: all. */
  repositoryId: number | null;
  pullRequests: number;
}

interface Result {
  planted: number;
  found: number;
  precision: number;
  recall: number;
  asMany: number;
  ms: number;
}

const { repositories, pullRequests, gaps } = planHistory(seed, total);
const [largest, usual] = repositories;
if (!largest || !usual) throw new Error("There are no repositories.");
const everything: Question = { name: "all repositories", repositoryId: null, pullRequests: total };
const questions: Question[] = [
  everything,
  { name: "the largest", repositoryId: largest.id, pullRequests: largest.size },
  { name: "one of the others", repositoryId: usual.id, pullRequests: usual.size },
];

const sum = (of: (each: (typeof pullRequests)[number]) => number) =>
  pullRequests.reduce((before, each) => before + of(each), 0).toLocaleString("en");
const all = ({ counted, gone, later }: { counted: number; gone: number; later: number }) =>
  counted + gone + later;
print(
  `${total.toLocaleString("en")} pull requests: ${sum(({ files }) => Math.min(files, 3000))} files, ${sum(({ reviews }) => all(reviews))} reviews, ` +
    `${sum(({ comments, reviewComments }) => all(comments) + all(reviewComments))} comments`,
);
print(`Gaps: ${Object.keys(plants).join("; ")}.`);
print(`Decoys: ${decoys.join("; ")}; all gaps of a removed repository.`);

const results: { database: string; question: Question; result: Result }[] = [];
await measure("PGlite", openFolder);
const server = process.env["TEST_DATABASE_URL"];
if (server) await measure("Postgres", () => createDatabaseOn(server));

printTable(
  ["", "pull requests", "planted", "found", "precision", "recall", "as many", "ms"],
  results.map(({ database, question, result }) => [
    `${database}, ${question.name}`,
    question.pullRequests.toLocaleString("en"),
    result.planted,
    result.found,
    share(result.precision),
    share(result.recall),
    share(result.asMany),
    result.ms.toFixed(0),
  ]),
);
if (!server) print("Postgres is skipped: TEST_DATABASE_URL is not set.");

const slowest = Math.max(
  ...results.filter(({ question }) => question === everything).map(({ result }) => result.ms),
);
const least = (figure: "precision" | "recall" | "asMany") =>
  Math.min(...results.map(({ result }) => result[figure]));
const reached = [
  goal(`all repositories in less than ${goalMs} ms`, slowest < goalMs, `${slowest.toFixed(0)} ms`),
  goal("precision 1", least("precision") === 1, share(least("precision"))),
  goal("recall 1", least("recall") === 1, share(least("recall"))),
  goal("as many missing rows as planted", least("asMany") === 1, share(least("asMany"))),
];
if (reached.includes(false)) process.exitCode = 1;

async function measure(database: string, open: () => Promise<SqlDatabase>): Promise<void> {
  const db = await open();
  try {
    await migrate(db);
    const store = createStore({
      url: "http://embedded",
      serviceRoleKey: "embedded",
      fetch: createSupabaseFetch(db),
    });
    await fillHistory(db, repositories, pullRequests);
    await plantGaps(db, store, pullRequests);
    await db.exec("vacuum analyze"); // like autovacuum, or the hourly vacuum of PGlite
    for (const question of questions) {
      const { repositoryId } = question;
      const times: number[] = [];
      let analysis: Analysis | undefined;
      for (let round = -warmUps; round < rounds; round++) {
        const begin = performance.now();
        analysis = await analyzeGaps(store, { repositoryId });
        if (round >= 0) times.push(performance.now() - begin);
      }
      const planted = gaps.filter((gap) => repositoryId === null || gap.repositoryId === repositoryId);
      const compared = compare(planted, analysis?.gaps ?? []);
      results.push({ database, question, result: { ...compared, ms: percentile(times, 0.5) } });
    }
  } finally {
    await db.close();
  }
}

function compare(planted: readonly PlantedGap[], listed: Analysis["gaps"]): Omit<Result, "ms"> {
  const found = listed.map(({ kind, repository_id, number, captured, github }): PlantedGap => ({
    kind,
    repositoryId: repository_id,
    number,
    missing: (github ?? 0) - captured,
  }));
  const expected = new Map(planted.map((gap) => [toKey(gap), gap]));
  const right = new Map(found.filter((gap) => expected.has(toKey(gap))).map((gap) => [toKey(gap), gap]));
  const asMany = [...right].filter(([key, gap]) => gap.missing === expected.get(key)?.missing);
  // A gap that is found twice counts once as right.
  return {
    planted: planted.length,
    found: found.length,
    precision: right.size / found.length,
    recall: right.size / planted.length,
    asMany: asMany.length / right.size,
  };
}

function goal(what: string, isReached: boolean, figure: string): boolean {
  print(`Goal: ${what}: ${figure}, ${isReached ? "met" : "missed"}.`);
  return isReached;
}

/** Rounds down, so that only a complete share is 1. */
function share(value: number): string {
  return value === 1 ? "1" : (Math.floor(value * 10_000) / 10_000).toFixed(4);
}
