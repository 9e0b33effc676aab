/** Sends requests in a thread of its own, so that the time in which another thread collects garbage does not count. */
import { parentPort } from "node:worker_threads";

export interface TimedRequest {
  id: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Times are from `process.hrtime.bigint()`. */
export interface TimedAnswer {
  id: string;
  status: number;
  at: bigint;
  answeredAt: bigint;
}

parentPort?.on("message", (request: TimedRequest) => void send(request));

async function send({ id, url, headers, body }: TimedRequest): Promise<void> {
  const at = process.hrtime.bigint();
  const response = await fetch(url, { method: "POST", headers, body });
  await response.body?.cancel();
  const answer: TimedAnswer = { id, status: response.status, at, answeredAt: process.hrtime.bigint() };
  parentPort?.postMessage(answer); // oxlint-disable-line unicorn/require-post-message-target-origin -- between threads there are no origins
}
