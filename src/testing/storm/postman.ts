import {
  sendDelivery,
  signDelivery,
  type WebhookDelivery,
  type FakeGitHub,
} from "../../fake-github/index.ts";
import { webhookSecret } from "../test-config.ts";
import type { Contender } from "./contender.ts";
import type { Parcel } from "./scatter.ts";

/** The number of deliveries that are sent at a time. */
export const senders = 20;

/** The server's answers to the deliveries. */
export interface Reception {
  /** GUIDs of the deliveries that were answered 2xx. */
  acknowledged: Set<string>;
  lost: number;
  arrived: number;
  copies: number;
  /** Deliveries without an answer, for example while the server is down. */
  unanswered: number;
  /** Deliveries with an answer other than 2xx. */
  refused: number;
  tampered: number;
  /** Tampered deliveries that were not refused. */
  tamperedAccepted: number;
}

export interface StormPostman {
  reception: Reception;
  /** Sends a delivery and records the attempt in GitHub's delivery log. It never repeats a delivery. */
  deliver(parcel: Parcel): Promise<void>;
}

export function createStormPostman(github: FakeGitHub, contender: Contender): StormPostman {
  const reception: Reception = {
    acknowledged: new Set(),
    lost: 0,
    arrived: 0,
    copies: 0,
    unanswered: 0,
    refused: 0,
    tampered: 0,
    tamperedAccepted: 0,
  };

  const recordAnswer = (delivery: WebhookDelivery, status: number) => {
    if (status >= 200 && status < 300) reception.acknowledged.add(delivery.id);
  };

  const ways: Record<Parcel["fate"], (delivery: WebhookDelivery) => Promise<void>> = {
    async arrives(delivery) {
      const status = await github.send(contender.webhooksUrl(), delivery);
      reception.arrived++;
      if (status === 0) reception.unanswered++;
      else if (status >= 300) reception.refused++;
      recordAnswer(delivery, status);
    },
    async "is lost"(delivery) {
      reception.lost++;
      github.recordAttempt(delivery, 0);
    },
    async "arrives as a copy"(delivery) {
      reception.copies++;
      recordAnswer(delivery, await statusOf(sendDelivery(contender.webhooksUrl(), webhookSecret, delivery)));
    },
    async "is tampered with"(delivery) {
      reception.tampered++;
      const status = await statusOf(sendTampered(contender.webhooksUrl(), delivery));
      if (status !== contender.refusal && status !== 0) reception.tamperedAccepted++;
    },
  };
  return { reception, deliver: ({ delivery, fate }) => ways[fate](delivery) };
}

/** Sends a delivery with the signature of another body. */
function sendTampered(url: string, delivery: WebhookDelivery): Promise<Response> {
  const { body, headers } = signDelivery(webhookSecret, delivery);
  return fetch(url, { method: "POST", headers, body: body.replace("{", '{"tampered":true,') });
}

/** Returns the status of the answer, or 0 without an answer. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  try {
    const { status, body } = await answer;
    await body?.cancel();
    return status;
  } catch {
    return 0;
  }
}
