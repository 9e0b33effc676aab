import type { DeliveryTotal } from "../lib/store/activity-types.ts";

/** Upper bounds of answer times. GitHub ends a delivery after 10 seconds. */
export const answerBoundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** Longer than every bound; the largest integer of Postgres. */
const unbounded = 2_147_483_647;

export interface DeliveryTotals {
  /** Counts one answered delivery. */
  add(event: string, status: number, tookMs: number): void;
  /** Removes and returns what was counted since the last call. */
  take(): DeliveryTotal[];
  /** Counts again what could not be stored. */
  restore(totals: readonly DeliveryTotal[]): void;
}

/** Counts deliveries by webhook, answer and time. Names of webhooks that are not handled come from the request, so they are counted as `other`. */
export function createDeliveryTotals(handles: (webhook: string) => boolean): DeliveryTotals {
  const totals = new Map<string, DeliveryTotal>();

  function count({ event, outcome, within_ms, deliveries, seconds }: DeliveryTotal): void {
    const key = `${event} ${outcome} ${within_ms}`;
    const known = totals.get(key) ?? { event, outcome, within_ms, deliveries: 0, seconds: 0 };
    totals.set(key, {
      ...known,
      deliveries: known.deliveries + deliveries,
      seconds: known.seconds + seconds,
    });
  }

  return {
    add: (event, status, tookMs) =>
      count({
        event: handles(event) ? event : "other",
        outcome: status < 400 ? "accepted" : status < 500 ? "refused" : "failed",
        within_ms: answerBoundsMs.find((bound) => tookMs <= bound) ?? unbounded,
        deliveries: 1,
        seconds: tookMs / 1000,
      }),
    take() {
      const taken = [...totals.values()];
      totals.clear();
      return taken;
    },
    restore: (taken) => taken.forEach(count),
  };
}
