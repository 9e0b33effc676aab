import { startPrCapture } from "../../src/demo/start-pr-capture.ts";
import type { Expectation, RowQuery } from "./row-of.ts";

/** The row of this delivery was found at that moment, by `process.hrtime.bigint()`, which all processes of a machine share. */
export interface Sighting {
  delivery: string;
  at: string;
}

/**
 * pr-capture on the embedded pair, in a process of its own. After the merge of a delivery it looks for the row that its parent
 * expects, with a query, and tells when it was there. The query waits its turn behind what the database is asked meanwhile.
 */
const [githubUrl = ""] = process.argv.slice(2);
const expected = new Map<string, RowQuery>();
const merged = new Set<string>();
const capture = await startPrCapture(githubUrl, (delivery) => {
  merged.add(delivery);
  void look(delivery);
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
