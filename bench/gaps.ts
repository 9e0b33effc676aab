/**
 * How long it takes to analyse 100,000 pull requests for gaps, and whether the gaps found are those planted: on PGlite in a folder, as a
 * small installation has it, and on the Postgres server that TEST_DATABASE_URL names, in a database of its own that is dropped afterwards.
 *
 * The history is what complete captures would have left: 50 repositories, one of them with a quarter of all, read by a sync up to four
 * fifths and told by webhooks since. Many pull requests have no files, reviews or comments; some have tombstones, comments deleted since
 * GitHub counted them, or more than an old count. In it gaps are planted of every kind, 150 of each way to have one, and decoys: what
 * looks like a gap and is none. Both are chosen by a seed, and the list of gaps is kept here, apart from the database. A removed
 * repository's gaps are decoys too.
 *
 * planted, found  gaps: of what kind, of which repository and pull request; pull requests missing altogether are one of their repository
 * precision       the share of those found that were planted
 * recall          the share of those planted that were found
 * as many         the share of those in both of which as much is missing as was planted
 * ms              from the call to the answer, parsed, with all gaps in it: the median of the rounds
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentile } from "../src/demo/percentile.ts";
import { print } from "../src/demo/print.ts";
import { printTable } from "../src/demo/print-table.ts";
import { migrate } from "../src/lib/embedded/migrate.ts";
import { openPglite } from "../src/lib/embedded/open-pglite.ts";
import { openPostgres } from "../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../src/lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "../src/lib/embedded/supabase-fetch.ts";
import type { Analysis } from "../src/lib/store/functions.ts";
import { analyzeGaps } from "../src/lib/store/gaps.ts";
import { createStore } from "../src/lib/store/store.ts";
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
print(`Decoys: ${decoys.join("; ")}; all of a removed repository.`);

const results: { database: string; question: Question; result: Result }[] = [];
await measure("PGlite", openFolder);
const server = process.env["TEST_DATABASE_URL"];
if (server) await measure("Postgres", () => createOn(server));

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
if (!server) print("Postgres was skipped: TEST_DATABASE_URL names no server.");

const slowest = Math.max(
  ...results.filter(({ question }) => question === everything).map(({ result }) => result.ms),
);
const least = (figure: "precision" | "recall" | "asMany") =>
  Math.min(...results.map(({ result }) => result[figure]));
const reached = [
  goal(`all repositories in less than ${goalMs} ms`, slowest < goalMs, `${slowest.toFixed(0)} ms`),
  goal("precision 1", least("precision") === 1, share(least("precision"))),
  goal("recall 1", least("recall") === 1, share(least("recall"))),
  goal("as many missing as planted", least("asMany") === 1, share(least("asMany"))),
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
    await db.exec("vacuum analyze"); // as autovacuum, or the hourly one of PGlite, would have
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
    missing: github - captured,
  }));
  const expected = new Map(planted.map((gap) => [toKey(gap), gap]));
  const right = new Map(found.filter((gap) => expected.has(toKey(gap))).map((gap) => [toKey(gap), gap]));
  const asMany = [...right].filter(([key, gap]) => gap.missing === expected.get(key)?.missing);
  // What is found twice is right once.
  return {
    planted: planted.length,
    found: found.length,
    precision: right.size / found.length,
    recall: right.size / planted.length,
    asMany: asMany.length / right.size,
  };
}

async function openFolder(): Promise<SqlDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "pr-capture-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return openPglite(folder);
}

async function createOn(url: string): Promise<SqlDatabase> {
  const admin = openPostgres(url);
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name}`);
  const own = new URL(url);
  own.pathname = name;
  const db = openPostgres(own.href);
  return {
    ...db,
    close: async () => {
      await db.close();
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}

function goal(what: string, isReached: boolean, figure: string): boolean {
  print(`Goal: ${what}: ${figure}, ${isReached ? "met" : "missed"}.`);
  return isReached;
}

/** Rounded down, so that only what is complete is 1. */
function share(value: number): string {
  return value === 1 ? "1" : (Math.floor(value * 10_000) / 10_000).toFixed(4);
}
