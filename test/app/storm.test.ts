import { randomInt } from "node:crypto";
import { expect, inject, test } from "vitest";
import { openPrCapture } from "../../bench/support/storm/pr-capture-contender.ts";
import { findFaults } from "../../bench/support/storm/report.ts";
import { runStorm } from "../../bench/support/storm/run-storm.ts";
import { createPgliteDatabase } from "../../bench/support/storm/storm-database.ts";
import { stormOf } from "../../bench/support/storm/storm-size.ts";

const deliveries = 120;
const seed = randomInt(1_000_000);

test("after a storm every row is as GitHub has it", { timeout: 150_000 }, async () => {
  const aftermath = await runStorm(openPrCapture, {
    seed,
    size: stormOf(deliveries),
    createDatabase: () => createPgliteDatabase(inject("pgliteFolder")),
  });
  const replay = `npm run bench:chaos -- --seed ${seed} --deliveries ${deliveries} --database pglite`;
  expect(findFaults(aftermath), `Again: ${replay}`).toEqual([]);
});
