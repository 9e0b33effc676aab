import { startPrCapture } from "../../src/testing/start-pr-capture.ts";
import type { Expectation, RowQuery } from "./row-of.ts";

/** The time at which a delivery's row was found, from `process.hrtime.bigint()`, which all processes of a machine share. */
export interface Sighting {
  delivery: string;
  at: string;
}

/**
 * Runs pr-capture with the embedded database and queue in a child process. After the merge of a delivery it queries the row that the parent
 * process expects, and sends the time when it was found. The query waits behind the other queries of the database.
 */
const [githubUrl = "", dataDir = ""] = process.argv.slice(2);
const expected = new Map<string, RowQuery>();
const merged = new Set<string>();
process.env = { ...process.env }; // as in src/start.ts
const capture = await startPrCapture(githubUrl, {
  dataDir,
  onWrite: (delivery) => {
    merged.add(delivery);
    void look(delivery);
  },
});

process.on("message", ({ delivery, row }: Expectation) => {
  expected.set(delivery, row);
  if (merged.has(delivery)) void look(delivery);
});
process.on("disconnect", () => void capture.close().then(() => process.exit()));
process.send?.({ webhooksUrl: capture.webhooksUrl });

async function look(delivery: string): Promise<void> {
  const row = expected.get(delivery);
  if (!row) return;
  const found = await capture.rows.query(row.sql, row.params);
  if (found.length === 0) return;
  const sighting: Sighting = { delivery, at: process.hrtime.bigint().toString() };
  process.send?.(sighting);
}
