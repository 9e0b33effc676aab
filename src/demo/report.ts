import type { SqlDatabase } from "../lib/embedded/sql-database.ts";
import type { Delivery, RecordedRequest } from "./github/index.ts";
import { percentile } from "./percentile.ts";
import { countDisorder, type Sending } from "./postman.ts";
import { bold, print } from "./print.ts";
import { printTable } from "./print-table.ts";
import { countByKind, requestKinds, totalOf, type RequestKind } from "./request-kind.ts";
import type { Truth, TruthTable } from "./truth.ts";

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
  printTable(["Captured", "rows", "of them deleted", "on GitHub"], lines);
}

/** Beside a handler that fetches the whole pull request at every webhook about one. */
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
  print(`Requests for a token, which lasts an hour, come on top: ${counts.get("token") ?? 0}.`);
}

export function printDisorder(sendings: readonly Sending[], caused: readonly Delivery[]): void {
  const { distinct, twice, late, deletedFirst } = countDisorder(sendings, caused);
  print(
    `${distinct} webhooks: ${twice} sent twice, ${late} after one that happened later, ${deletedFirst} about a comment already deleted.`,
  );
}

/** From the first sending of each captured webhook to the commit of its row. */
export function printDelays(sendings: readonly Sending[], storedAt: ReadonlyMap<string, number>): void {
  const delays = new Map<Delivery, number>();
  for (const { delivery, sentAt } of sendings) {
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
  print("  npm start            on your own repositories: its first page registers the GitHub App");
  print("  npm test             the same, proven in any order");
  print("  npm run bench:live   GitHub requests for one pull request's life");
  print("  README.md            Supabase, Inngest and Netlify");
}
