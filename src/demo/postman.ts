import type { Delivery } from "./github/index.ts";
import { createRandom } from "./seeded-random.ts";

/** One delivery as it went out; one that went out twice is here twice. */
export interface Sending {
  delivery: Delivery;
  /** Milliseconds, by `performance.now()`. */
  sentAt: number;
  /** Of the answer, 0 when there was none. */
  status: number;
}

export interface Postman {
  /** In the order they were sent. */
  sendings: Sending[];
  /** Takes deliveries, and sends those that have been on the way long enough. */
  take(deliveries: readonly Delivery[]): void;
  /** Sends all that is left, and resolves when all are answered. */
  finish(): Promise<void>;
}

/** How many deliveries are on the way at a time: so far may one fall behind the others. */
const onTheWayAtMost = 8;

/** How many of them go out a second time. */
const twice = 0.15;

/**
 * Carries deliveries as a bad day of the network would: out of order, some of them twice, and the deletion of a comment ahead
 * of its creation whenever both are on the way. The same seed gives the same order.
 */
export function createPostman(send: (delivery: Delivery) => Promise<number>, seed: number): Postman {
  const random = createRandom(seed);
  const onTheWay: Delivery[] = [];
  const sendings: Sending[] = [];
  const answers: Promise<void>[] = [];

  async function sendOut(delivery: Delivery): Promise<void> {
    const sending = { delivery, sentAt: performance.now(), status: 0 };
    sendings.push(sending);
    sending.status = await send(delivery);
  }

  function sendAnyDownTo(left: number): void {
    while (onTheWay.length > left) {
      const picked = onTheWay[Math.floor(random() * onTheWay.length)];
      if (!picked) return;
      const next = onTheWay.find((other) => deletes(other, picked)) ?? picked;
      onTheWay.splice(onTheWay.indexOf(next), 1);
      answers.push(sendOut(next));
    }
  }

  return {
    sendings,
    take: (deliveries) => {
      for (const delivery of deliveries) {
        onTheWay.push(delivery);
        if (random() < twice) onTheWay.push(delivery);
      }
      sendAnyDownTo(onTheWayAtMost);
    },
    finish: async () => {
      sendAnyDownTo(0);
      await Promise.all(answers);
    },
  };
}

/** Whether `later` deletes the comment that `earlier` tells of. */
function deletes(later: Delivery, earlier: Delivery): boolean {
  return (
    later.name === earlier.name &&
    later.payload.action === "deleted" &&
    earlier.payload.action !== "deleted" &&
    commentId(later) !== null &&
    commentId(later) === commentId(earlier)
  );
}

function commentId({ payload }: Delivery): unknown {
  const { comment } = payload;
  return typeof comment === "object" && comment !== null && "id" in comment ? comment.id : null;
}

/** How the sendings differ from one by one and in order. */
export function countDisorder(sendings: readonly Sending[], caused: readonly Delivery[]) {
  const position = new Map(caused.map((delivery, index) => [delivery.id, index]));
  const all = sendings.map(({ delivery }) => delivery);
  const order = all.filter((delivery, index) => all.indexOf(delivery) === index);
  const overtaken = order.filter((delivery, index) => {
    const own = position.get(delivery.id) ?? 0;
    return order.slice(0, index).some((earlier) => (position.get(earlier.id) ?? 0) > own);
  });
  const deletedFirst = overtaken.filter((delivery) =>
    order.slice(0, order.indexOf(delivery)).some((earlier) => deletes(earlier, delivery)),
  );
  return {
    distinct: order.length,
    twice: sendings.length - order.length,
    late: overtaken.length,
    deletedFirst: deletedFirst.length,
  };
}
