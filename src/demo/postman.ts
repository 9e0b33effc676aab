import type { WebhookDelivery } from "../fake-github/index.ts";
import { createRandom } from "../fake-github/seeded-random.ts";

/** A delivery that was sent. One that was sent twice is listed twice. */
export interface SentDelivery {
  delivery: WebhookDelivery;
  /** The time of sending, from `performance.now()`. */
  sentAt: number;
  /** The status of the answer, or 0 without an answer. */
  status: number;
}

export interface Postman {
  /** The deliveries in the order in which they were sent. */
  sent: SentDelivery[];
  /** Takes deliveries and sends some of those that wait. */
  take(deliveries: readonly WebhookDelivery[]): void;
  /** Sends the rest and resolves when all are answered. */
  finish(): Promise<void>;
}

/** The number of deliveries that wait at a time. The order is random among them. */
const maxWaiting = 8;

/** The share of deliveries that are sent twice. */
const duplicateShare = 0.15;

/**
 * Sends deliveries like a bad network: out of order, some of them twice, and the deletion of a comment before its creation when both wait.
 * The same seed gives the same order.
 */
export function createPostman(send: (delivery: WebhookDelivery) => Promise<number>, seed: number): Postman {
  const random = createRandom(seed);
  const waiting: WebhookDelivery[] = [];
  const sent: SentDelivery[] = [];
  const answers: Promise<void>[] = [];

  async function sendNow(delivery: WebhookDelivery): Promise<void> {
    const entry = { delivery, sentAt: performance.now(), status: 0 };
    sent.push(entry);
    entry.status = await send(delivery);
  }

  function sendUntilLeft(count: number): void {
    while (waiting.length > count) {
      const picked = waiting[Math.floor(random() * waiting.length)];
      if (!picked) return;
      const next = waiting.find((other) => deletes(other, picked)) ?? picked;
      waiting.splice(waiting.indexOf(next), 1);
      answers.push(sendNow(next));
    }
  }

  return {
    sent,
    take: (deliveries) => {
      for (const delivery of deliveries) {
        waiting.push(delivery);
        if (random() < duplicateShare) waiting.push(delivery);
      }
      sendUntilLeft(maxWaiting);
    },
    finish: async () => {
      sendUntilLeft(0);
      await Promise.all(answers);
    },
  };
}

/** True when `later` deletes the comment of `earlier`. */
function deletes(later: WebhookDelivery, earlier: WebhookDelivery): boolean {
  return (
    later.name === earlier.name &&
    later.payload.action === "deleted" &&
    earlier.payload.action !== "deleted" &&
    commentId(later) !== null &&
    commentId(later) === commentId(earlier)
  );
}

function commentId({ payload }: WebhookDelivery): unknown {
  const { comment } = payload;
  return typeof comment === "object" && comment !== null && "id" in comment ? comment.id : null;
}

/** Counts duplicates and deliveries that were sent after later ones. */
export function countDisorder(sent: readonly SentDelivery[], created: readonly WebhookDelivery[]) {
  const position = new Map(created.map((delivery, index) => [delivery.id, index]));
  const all = sent.map(({ delivery }) => delivery);
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
    twice: sent.length - order.length,
    late: overtaken.length,
    deletedFirst: deletedFirst.length,
  };
}
