import { compareRows } from "../../src/testing/compare-rows.ts";
import { startPrCapture } from "../../src/testing/start-pr-capture.ts";
import { toTruth } from "../../src/testing/truth.ts";
import { repositorySync } from "../../src/lib/inngest/events.ts";
import type { History } from "./history.ts";
import type { Backfill } from "./measure-backfill.ts";
import { countedTables, keyOf } from "./seen-rows.ts";

/** Opens pr-capture with the embedded queue and a database in memory. `onDifference` is called for every row that differs from GitHub. */
export async function openSyncBackfill(
  { github, url, repository, installationId }: History,
  onDifference: (difference: string) => void,
): Promise<Backfill> {
  const capture = await startPrCapture(url);
  return {
    async run() {
      const { id, name, owner } = repository;
      await capture.services.inngest.send(
        repositorySync.create({
          repository: { id, owner: owner.login, name },
          installationId,
          reason: "backfill",
          priority: "medium",
        }),
      );
      await capture.idle(10_000);
    },
    async rows() {
      const jobs = await capture.rows.query<{ state: string; error: string | null }>(
        "select state, error from capture.jobs",
      );
      for (const { state, error } of jobs) {
        if (state !== "completed") throw new Error(`The sync is ${state}: ${error ?? "unknown error"}.`);
      }
      const truth = toTruth(github);
      const differences = await compareRows(truth, (table) =>
        capture.rows.query(`select * from github.${table}`),
      );
      const wrong = new Set<string>();
      for (const { table, kind, key, columns } of differences) {
        wrong.add(`${table} ${key}`);
        onDifference([table, key, kind, ...columns].join(" "));
      }
      return new Set(
        countedTables
          .flatMap((table) => truth[table].map((row) => keyOf(table, row)))
          .filter((key) => !wrong.has(key)),
      );
    },
    close: () => capture.close(),
  };
}
