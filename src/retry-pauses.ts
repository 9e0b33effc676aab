import { setTimeout as delay } from "node:timers/promises";

const firstMs = 1_000;
const maxMs = 30_000;

/** Returns a function that waits before a retry: one second, then twice as long each time, at most 30 seconds. It rejects when `signal` aborts. */
export function createRetryPauses(signal: AbortSignal): () => Promise<void> {
  let nextMs = firstMs;
  return async () => {
    await delay(nextMs, null, { signal });
    nextMs = Math.min(nextMs * 2, maxMs);
  };
}
