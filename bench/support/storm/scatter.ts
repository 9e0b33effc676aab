import type { Delivery } from "../../../src/demo/github/index.ts";

/** What is on its way because of one delivery, and what becomes of it there. */
export interface Parcel {
  delivery: Delivery;
  /** A copy is the network's own, as is tampering: GitHub has sent once, and knows of no other answer. */
  fate: "arrives" | "is lost" | "arrives as a copy" | "is tampered with";
}

/** How many parcels are on the way at a time: so far may one fall behind the others. */
const onTheWayAtMost = 60;

const lost = 0.05;
const copied = 0.05;
const tampered = 0.01;

/** Sends deliveries on their way, and yields what comes out at the other end. The same random numbers give the same order. */
export function* scatter(deliveries: Iterable<Delivery>, random: () => number): Generator<Parcel, void> {
  const onTheWay: Parcel[] = [];

  function* takeDownTo(left: number): Generator<Parcel, void> {
    while (onTheWay.length > left) yield* onTheWay.splice(Math.floor(random() * onTheWay.length), 1);
  }

  for (const delivery of deliveries) {
    const luck = random();
    onTheWay.push({ delivery, fate: luck < lost ? "is lost" : "arrives" });
    if (luck >= 1 - copied) onTheWay.push({ delivery, fate: "arrives as a copy" });
    if (random() < tampered) onTheWay.push({ delivery, fate: "is tampered with" });
    yield* takeDownTo(onTheWayAtMost);
  }
  yield* takeDownTo(0);
}
