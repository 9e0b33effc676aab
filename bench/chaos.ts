/**
 * A storm over pr-capture, and over a plain Probot handler beside it: thousands of deliveries out of order, doubled, lost and tampered
 * with, while GitHub fails, the queue refuses, the database restarts, and the server is killed with kill -9. After it pr-capture finds
 * and repairs what it missed, and its rows must be GitHub's.
 *
 *   npm run bench:chaos                          three seeds, 7 minutes for each and database
 *   npm run bench:chaos -- --seed 7 --deliveries 500 --database pglite
 *
 * missing                GitHub has it, the rows do not, or call it deleted
 * stale                  a column differs
 * ghost                  a live row of what GitHub has no longer
 * acknowledged and lost  deliveries that were answered 2xx, and whose events have no completed job
 * runs completed twice   events of which more than one run did
 * repaired after         from the end of the storm until the rows were GitHub's, and how often repairs were asked for
 * plain handler          writes what arrives, the last write wins; no queue, nobody who looks again. It is not held to have files, which
 *                        no webhook carries
 */
import { parseArgs } from "node:util";
import { bold, print } from "../src/demo/print.ts";
import { openPlainHandler } from "./support/storm/plain-contender.ts";
import { openPrCapture } from "./support/storm/pr-capture-contender.ts";
import { findFaults, printAftermath, printVerdict } from "./support/storm/report.ts";
import { runStorm } from "./support/storm/run-storm.ts";
import {
  createPgliteDatabase,
  createPostgresDatabase,
  type StormDatabase,
} from "./support/storm/storm-database.ts";
import { stormOf } from "./support/storm/storm-size.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    deliveries: { type: "string", default: "10000" },
    database: { type: "string" },
  },
});
const seeds = options.seed === undefined ? [1, 2, 3] : [Number(options.seed)];
const deliveries = Number(options.deliveries);
const { TEST_DATABASE_URL: postgresUrl } = process.env;

const databases = new Map<string, () => Promise<StormDatabase>>([["pglite", () => createPgliteDatabase()]]);
if (postgresUrl) databases.set("postgres", () => createPostgresDatabase(postgresUrl));
else print("Postgres is left out: set TEST_DATABASE_URL to storm it too.");

const chosen = [...databases].filter(([name]) => (options.database ?? name) === name);

for (const [name, createDatabase] of chosen) {
  for (const seed of seeds) {
    print(bold(`Seed ${seed} on ${name}: ${deliveries.toLocaleString("en")} deliveries`));
    const storm = { seed, size: stormOf(deliveries), createDatabase };
    const ours = await runStorm(openPrCapture, storm);
    printAftermath(ours, await runStorm(openPlainHandler, storm));
    const faults = findFaults(ours);
    printVerdict(
      faults,
      `npm run bench:chaos -- --seed ${seed} --deliveries ${deliveries} --database ${name}`,
    );
    print();
    if (faults.length > 0) process.exitCode = 1;
  }
}
