import { randomInt } from "node:crypto";
import { expect, inject, test } from "vitest";
import { openPrCapture } from "../../src/testing/storm/pr-capture-contender.ts";
import { findStormFaults } from "../../src/testing/storm/report.ts";
import { runStorm } from "../../src/testing/storm/run-storm.ts";
import { createPgliteDatabase } from "../../src/testing/storm/storm-database.ts";
import { stormOf } from "../../src/testing/storm/storm-size.ts";

const deliveries = 120; // enough for a pull request in each repository, without which the comparison takes a repository for a ghost
const seed = randomInt(1_000_000);

test("the rows are in sync after a storm of deliveries and failures", { timeout: 150_000 }, async () => {
  const aftermath = await runStorm(openPrCapture, {
    seed,
    size: stormOf(deliveries),
    createDatabase: () => createPgliteDatabase(inject("migratedFolder")),
  });
  const replay = `npm run bench:chaos -- --seed ${seed} --deliveries ${deliveries} --database pglite`;
  expect(findStormFaults(aftermath), `Replay it with: ${replay}`).toEqual([]);
});
