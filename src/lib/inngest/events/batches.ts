import type { CaptureEvent } from "../events.ts";

/** Inngest accepts requests of 256 KiB on its free plan: https://www.inngest.com/docs/usage-limits/inngest */
export const maxRequestBytes = 250 * 1024;

/** Inngest accepts 5,000 events in one request. */
const maxRequestEvents = 1_000;

/** What Inngest adds to an event. */
const overheadBytes = 100;

/** An event's size in a request, in bytes. */
export function sizeOf(event: CaptureEvent): number {
  return Buffer.byteLength(JSON.stringify(event)) + overheadBytes;
}

/** Splits a list into batches of at most `size` items. */
export function toBatches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Splits events into as few requests as Inngest accepts. */
export function toRequests(events: readonly CaptureEvent[]): CaptureEvent[][] {
  const requests: CaptureEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = sizeOf(event);
    bytes += size;
    if (bytes > maxRequestBytes || requests.at(-1)?.length === maxRequestEvents) {
      requests.push([]);
      bytes = size;
    }
    requests.at(-1)?.push(event);
  }
  return requests;
}
