import type { EmitterWebhookEventName } from "@octokit/webhooks";
import type { z } from "zod";
import { toWebhookEventId } from "../lib/inngest/events/event-ids.ts";
import { createEvent, type CaptureEvent } from "../lib/inngest/events.ts";
import { parsePayload } from "./parse-payload.ts";

/** A webhook delivery. `id` is GitHub's GUID: a redelivery has the same. `receivedAt` is GitHub's time. */
export interface Delivery {
  id: string;
  payload: unknown;
  receivedAt: Date;
}

/** One webhook: what it handles, and the Inngest events that a delivery becomes. */
export interface Webhook {
  /** The webhooks that it handles, by Probot's names: `pull_request.opened`. */
  events: readonly EmitterWebhookEventName[];
  /** Pure. Returns no events for a delivery that changes nothing we capture. Throws an `InvalidPayloadError`. */
  translate: (delivery: Delivery) => CaptureEvent[];
}

interface WebhookDefinition<Payload> extends Pick<Webhook, "events"> {
  /** The captured part of the payload. A payload is validated once, here. */
  payload: z.ZodType<Payload>;
  /** True for a payload that changes nothing we capture. It is not validated. */
  ignores?: (payload: unknown) => boolean;
  translate: (payload: Payload, delivery: Pick<Delivery, "id" | "receivedAt">) => CaptureEvent[];
}

export function defineWebhook<Payload>(definition: WebhookDefinition<Payload>): Webhook {
  const { events, payload: schema, ignores, translate } = definition;
  return {
    events,
    translate({ id, payload, receivedAt }) {
      if (ignores?.(payload)) return [];
      return translate(parsePayload(schema, payload), { id, receivedAt });
    },
  };
}

/** The event of that type that a delivery becomes. */
export function createWebhookEvent<Schema extends z.ZodType<Record<string, unknown>>>(
  type: { name: string; schema: Schema },
  deliveryId: string,
  data: z.output<Schema>,
): CaptureEvent {
  return createEvent(type, toWebhookEventId(deliveryId, type.name), data);
}
