/**
 * Sends a storm to pr-capture and to a plain Probot handler: thousands of deliveries that are out of order, duplicated, lost and tampered
 * with, while GitHub fails, the queue refuses events, the database restarts, and the server is killed with kill -9. Afterwards pr-capture
 * repairs what it missed, and its rows must equal GitHub's.
 *
 *   npm run bench:chaos                          one seed on PGlite, and on Postgres if TEST_DATABASE_URL is set
 *   npm run bench:chaos -- --seeds 3 --deliveries 10000
 *   npm run bench:chaos -- --seed 7 --deliveries 500 --database pglite --without poison,drop
 *
 * `--without` excludes some of the troubles in src/testing/storm/troubles.ts: poison, drop, silence, renames, skew.
 *
 * missing                GitHub has it, but there is no row, or the row is marked as deleted
 * stale                  a column differs
 * ghost                  a row that is not marked as deleted, of something that GitHub no longer has
 * acknowledged and lost  deliveries that were answered 2xx but have no completed job
 * runs completed twice   events with more than one completed run
 * repaired after         the time from the end of the storm until the rows equaled GitHub's, and the number of repairs
 * plain handler          writes each payload to its rows, and the last write wins. It has no queue and no repair. Its files are not compared,
 *                        because no webhook contains them. It runs once for each seed
 */
import { parseArgs } from "node:util";
import { bold, print } from "../src/testing/print.ts";
import { openPlainHandler } from "../src/testing/storm/plain-contender.ts";
import { openPrCapture } from "../src/testing/storm/pr-capture-contender.ts";
import { findStormFaults, printStormResults, printFaults } from "../src/testing/storm/report.ts";
import { runStorm } from "../src/testing/storm/run-storm.ts";
import {
  createPgliteDatabase,
  createPostgresDatabase,
  type StormDatabase,
} from "../src/testing/storm/storm-database.ts";
import { stormOf } from "../src/testing/storm/storm-size.ts";
import { troublesWithout } from "../src/testing/storm/troubles.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1" },
    deliveries: { type: "string", default: "600" },
    database: { type: "string" },
    without: { type: "string", default: "" },
  },
});
const seeds =
  options.seed === undefined
    ? Array.from({ length: Number(options.seeds) }, (_, index) => index + 1)
    : [Number(options.seed)];
const troubles = troublesWithout(options.without);
const deliveries = Number(options.deliveries);
const { TEST_DATABASE_URL: postgresUrl } = process.env;

const databases = new Map<string, () => Promise<StormDatabase>>([["pglite", () => createPgliteDatabase()]]);
if (postgresUrl) databases.set("postgres", () => createPostgresDatabase(postgresUrl));
else print("Postgres is skipped: TEST_DATABASE_URL is not set.");

const chosen = [...databases].filter(([name]) => (options.database ?? name) === name);

for (const seed of seeds) {
  for (const [index, [name, createDatabase]] of chosen.entries()) {
    print(bold(`Seed ${seed} on ${name}: ${deliveries.toLocaleString("en")} deliveries`));
    const storm = { seed, size: stormOf(deliveries), troubles, createDatabase };
    const ours = await runStorm(openPrCapture, storm);
    // The plain handler's result does not depend on the database.
    printStormResults(ours, index === 0 ? await runStorm(openPlainHandler, storm) : null);
    const faults = findStormFaults(ours);
    printFaults(
      faults,
      `npm run bench:chaos -- --seed ${seed} --deliveries ${deliveries} --database ${name}${options.without && ` --without ${options.without}`}`,
    );
    print();
    if (faults.length > 0) process.exitCode = 1;
  }
}
