import autocannon from "autocannon";
import { percentile } from "../../src/testing/percentile.ts";
import { webhookRequests } from "./webhook-requests.ts";

export interface Round {
  url: string;
  connections: number;
  seconds: number;
}

export interface RoundResult {
  requestsPerSecond: number;
  /** The median time to an answer, in milliseconds. */
  p50: number;
  p99: number;
  /** Answers other than 2xx, broken connections and requests without an answer. */
  failed: number;
}

/** Runs in a child process. For each round it keeps all connections busy and sends back the result. */
process.on("message", (round: Round) => {
  void fire(round).then((result) => process.send?.(result));
});

async function fire({ url, connections, seconds }: Round): Promise<RoundResult> {
  const durations: number[] = [];
  const run = autocannon({ url, connections, duration: seconds, requests: webhookRequests }, () => {});
  run.on("response", (_client, _status, _bytes, duration) => durations.push(duration));
  const result = await new Promise<autocannon.Result>((resolve) => void run.on("done", resolve));
  return {
    requestsPerSecond: result["2xx"] / result.duration,
    p50: percentile(durations, 0.5),
    p99: percentile(durations, 0.99),
    failed: result.non2xx + result.errors,
  };
}
