import type { WebhookDelivery } from "../../fake-github/index.ts";

/** A delivery or a copy of it, and what happens to it on the network. */
export interface Parcel {
  delivery: WebhookDelivery;
  /** The network makes copies and tampers with them. GitHub sends a delivery once and logs only that answer. */
  fate: "arrives" | "is lost" | "arrives as a copy" | "is tampered with";
}

/** The number of parcels that wait at a time. The order is random among them. */
const maxWaiting = 60;

const lostShare = 0.05;
const copiedShare = 0.05;
const tamperedShare = 0.01;

/** Converts deliveries to parcels in random order. The same random numbers give the same order. */
export function* scatter(
  deliveries: Iterable<WebhookDelivery>,
  random: () => number,
): Generator<Parcel, void> {
  const waiting: Parcel[] = [];

  function* takeUntilLeft(count: number): Generator<Parcel, void> {
    while (waiting.length > count) yield* waiting.splice(Math.floor(random() * waiting.length), 1);
  }

  for (const delivery of deliveries) {
    const chance = random();
    waiting.push({ delivery, fate: chance < lostShare ? "is lost" : "arrives" });
    if (chance >= 1 - copiedShare) waiting.push({ delivery, fate: "arrives as a copy" });
    if (random() < tamperedShare) waiting.push({ delivery, fate: "is tampered with" });
    yield* takeUntilLeft(maxWaiting);
  }
  yield* takeUntilLeft(0);
}
