import type { SqlDatabase } from "../lib/embedded/sql-database.ts";
import type { WebhookDelivery, RecordedRequest } from "../fake-github/index.ts";
import { percentile } from "../testing/percentile.ts";
import { countDisorder, type SentDelivery } from "./postman.ts";
import { bold, print } from "../testing/print.ts";
import { printTable } from "../testing/print-table.ts";
import { countByKind, requestKinds, totalOf, type RequestKind } from "../testing/request-kind.ts";
import type { Truth, TruthTable } from "../testing/truth.ts";

export async function printCaptured(rows: SqlDatabase, truth: Truth): Promise<void> {
  const lines = await Promise.all(
    (Object.keys(truth) as TruthTable[]).map(async (table) => {
      const hasTombstones = table === "reviews" || table === "comments" || table === "repositories";
      const [count] = await rows.query<{ total: number; deleted: number }>(
        `select count(*) as total, ${hasTombstones ? "count(deleted_at)" : "0"} as deleted from github.${table}`,
      );
      const { total, deleted } = count ?? { total: 0, deleted: 0 };
      return [`github.${table}`, total, deleted || "", truth[table].length];
    }),
  );
  printTable(["Captured", "rows", "deleted", "on GitHub"], lines);
}

/** Compares the requests with those of a handler that fetches the whole pull request at every webhook. */
export function printRequests(
  requests: readonly RecordedRequest[],
  refetching: ReadonlyMap<RequestKind, number>,
): void {
  const counts = countByKind(requests);
  const kinds = requestKinds.filter((kind) => counts.has(kind) || refetching.has(kind));
  printTable(
    ["Requests to GitHub", "pr-capture", "refetching at every webhook"],
    [
      ...kinds.map((kind) => [kind, counts.get(kind) ?? 0, refetching.get(kind) ?? 0]),
      [bold("all"), bold(String(totalOf(counts))), bold(String(totalOf(refetching)))],
    ],
  );
  print(`Not counted: requests for a token, which lasts an hour (${counts.get("token") ?? 0}).`);
}

export function printDisorder(sent: readonly SentDelivery[], created: readonly WebhookDelivery[]): void {
  const { distinct, twice, late, deletedFirst } = countDisorder(sent, created);
  print(
    `${distinct} webhooks: ${twice} sent twice, ${late} sent after a later one, ${deletedFirst} about a comment that was already deleted.`,
  );
}

/** Prints the time from the first delivery of each captured webhook to the commit of its row. */
export function printDelays(sent: readonly SentDelivery[], storedAt: ReadonlyMap<string, number>): void {
  const delays = new Map<WebhookDelivery, number>();
  for (const { delivery, sentAt } of sent) {
    const stored = storedAt.get(delivery.id);
    if (stored !== undefined && !delays.has(delivery)) delays.set(delivery, stored - sentAt);
  }
  const within = (share: number) => `${percentile([...delays.values()], share).toFixed(0)} ms`;
  print(
    `From webhook to row: half within ${within(0.5)}, 95 % within ${within(0.95)}, all within ${within(1)}.`,
  );
}

export function printNextSteps(): void {
  print("Next:");
  print("  npm run demo -- --serve   look at the day's data in the console");
  print("  npm start                 use your own repositories; the first page registers the GitHub App");
  print("  npm test                  run the tests, which also send webhooks in any order");
  print("  npm run bench:live        count the GitHub requests for one pull request");
  print("  README.md                 deploy with Supabase, Inngest or Netlify");
}
