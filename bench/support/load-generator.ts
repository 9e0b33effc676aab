import autocannon from "autocannon";
import { percentile } from "../../src/demo/percentile.ts";
import { webhookRequests } from "./webhook-requests.ts";

export interface Round {
  url: string;
  connections: number;
  seconds: number;
}

export interface RoundResult {
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were not 2xx, connections that broke, and requests without an answer. */
  failed: number;
}

/** A process of its own: for every round it is told of, it keeps its connections busy and sends back what it saw. */
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
