import { sendDelivery, signDelivery, type Delivery, type GitHub } from "../../../src/demo/github/index.ts";
import { webhookSecret } from "../../../test/support/test-config.ts";
import type { Contender } from "./contender.ts";
import type { Parcel } from "./scatter.ts";

/** How many deliveries are sent at a time. */
export const senders = 20;

/** What became of the deliveries at the server's door. */
export interface Reception {
  /** GUIDs of the deliveries that were answered 2xx, at any time. */
  acknowledged: Set<string>;
  lost: number;
  arrived: number;
  copies: number;
  /** No answer to what arrived, as while the server is dead. */
  unanswered: number;
  /** Another answer than 2xx to what arrived. */
  refused: number;
  tampered: number;
  /** Tampered deliveries that were answered otherwise than they should be. */
  deceived: number;
}

export interface Postman {
  reception: Reception;
  /** Whatever comes of it stands in GitHub's delivery log, and nobody sends it again. */
  deliver(parcel: Parcel): Promise<void>;
}

export function createPostman(github: GitHub, contender: Contender): Postman {
  const reception: Reception = {
    acknowledged: new Set(),
    lost: 0,
    arrived: 0,
    copies: 0,
    unanswered: 0,
    refused: 0,
    tampered: 0,
    deceived: 0,
  };

  const noteAnswer = (delivery: Delivery, status: number) => {
    if (status >= 200 && status < 300) reception.acknowledged.add(delivery.id);
  };

  const ways: Record<Parcel["fate"], (delivery: Delivery) => Promise<void>> = {
    async arrives(delivery) {
      const status = await github.send(contender.webhooksUrl(), delivery);
      reception.arrived++;
      if (status === 0) reception.unanswered++;
      else if (status >= 300) reception.refused++;
      noteAnswer(delivery, status);
    },
    async "is lost"(delivery) {
      reception.lost++;
      github.recordAttempt(delivery, 0);
    },
    async "arrives as a copy"(delivery) {
      reception.copies++;
      noteAnswer(delivery, await statusOf(sendDelivery(contender.webhooksUrl(), webhookSecret, delivery)));
    },
    async "is tampered with"(delivery) {
      reception.tampered++;
      const status = await statusOf(sendTampered(contender.webhooksUrl(), delivery));
      if (status !== contender.refusal && status !== 0) reception.deceived++;
    },
  };
  return { reception, deliver: ({ delivery, fate }) => ways[fate](delivery) };
}

/** With the signature of another body. */
function sendTampered(url: string, delivery: Delivery): Promise<Response> {
  const { body, headers } = signDelivery(webhookSecret, delivery);
  return fetch(url, { method: "POST", headers, body: body.replace("{", '{"tampered":true,') });
}

/** Of the answer, 0 when there is none. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  try {
    const { status, body } = await answer;
    await body?.cancel();
    return status;
  } catch {
    return 0;
  }
}
