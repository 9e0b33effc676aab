import { requestKind } from "../../src/testing/request-kind.ts";
import type { History } from "./history.ts";
import { processorMs } from "./processor-time.ts";
import type { RowKeys } from "./seen-rows.ts";

/** A method to read a repository's history, which runs once. */
export interface Backfill {
  run(): Promise<void>;
  /** Returns, after the run, the correct rows that it wrote, or could have written. */
  rows(): Promise<RowKeys>;
  close(): Promise<void>;
}

export interface Measured {
  /** The number of requests without those for tokens, which count against no limit. */
  requests: number;
  graphql: number;
  tokens: number;
  /** GraphQL points, by GitHub's published formula. */
  points: number;
  rows: RowKeys;
  /** The processor time of the run without that of the fake GitHub's answers. */
  ownMs: number;
}

export async function measureBackfill(
  history: History,
  open: (history: History) => Promise<Backfill>,
): Promise<Measured> {
  const { github } = history;
  const backfill = await open(history);
  const [first, answered, start] = [github.requests.length, history.answeringMs(), processorMs()];
  await backfill.run();
  const ownMs = processorMs() - start - (history.answeringMs() - answered);
  const requests = github.requests.slice(first);
  const rows = await backfill.rows();
  await backfill.close();

  const refused = requests.find(({ status }) => status >= 300);
  if (refused) throw new Error(`${refused.method} ${refused.path} was answered ${refused.status}.`);
  const kinds = requests.map(requestKind);
  const tokens = kinds.filter((kind) => kind === "token").length;
  const queries = requests.filter((_, index) => kinds[index] === "GraphQL");
  return {
    requests: requests.length - tokens,
    graphql: queries.length,
    tokens,
    points: queries.reduce((sum, { cost }) => sum + cost, 0),
    rows,
    ownMs,
  };
}
