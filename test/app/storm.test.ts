import { randomInt } from "node:crypto";
import { expect, inject, test } from "vitest";
import { openPrCapture } from "../../bench/support/storm/pr-capture-contender.ts";
import { findFaults } from "../../bench/support/storm/report.ts";
import { runStorm } from "../../bench/support/storm/run-storm.ts";
import { createPgliteDatabase } from "../../bench/support/storm/storm-database.ts";
import { stormOf } from "../../bench/support/storm/storm-size.ts";

const deliveries = 250;
const seeds = [1, randomInt(1_000_000)];

/** The server has a PGlite of its own, whichever database the other tests are run on. */
const isRunBefore = inject("postgresServer") !== null;

test.skipIf(isRunBefore).each(seeds)(
  "after storm %i every row is as GitHub has it",
  async (seed) => {
    const aftermath = await runStorm(openPrCapture, {
      seed,
      size: stormOf(deliveries),
      createDatabase: createPgliteDatabase,
    });
    const replay = `npm run bench:chaos -- --seed ${seed} --deliveries ${deliveries} --database pglite`;
    expect(findFaults(aftermath), `Again: ${replay}`).toEqual([]);
  },
  120_000,
);
