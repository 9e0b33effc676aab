import { z } from "zod";
import {
  pullRequestComments,
  pullRequestDetails,
  pullRequestReviews,
  type CaptureEvent,
} from "../lib/inngest/events.ts";

export type CaptureEventType =
  | typeof pullRequestDetails
  | typeof pullRequestReviews
  | typeof pullRequestComments;

/** A webhook delivery: `id` is GitHub's GUID, the same for a redelivery. */
export interface Delivery<Payload = unknown> {
  id: string;
  payload: Payload;
}

/** GitHub gives out none that is longer. */
const name = z.string().max(255);

/** What every payload about a repository says of where it is. No installation: a repository's own webhook. */
const envelope = z.object({
  repository: z.object({
    id: z.int().positive(),
    name,
    owner: z.object({ login: name }),
  }),
  installation: z.object({ id: z.int().positive() }).nullish(),
});

/** What a payload says of where to capture. Throws a `ZodError` when it does not. */
export function toTarget(payload: unknown) {
  const { repository, installation } = envelope.parse(payload);
  return {
    repository: { id: repository.id, owner: repository.owner.login, name: repository.name },
    installationId: installation?.id ?? null,
    reason: "webhook",
    priority: "high",
  };
}

/**
 * A capture for what the delivery shows. Parsing by the event's own schema keeps the captured columns and drops the rest.
 * Throws a `ZodError` when the payload is not of its event's shape.
 */
export function toCaptureEvent(
  type: CaptureEventType,
  delivery: Delivery,
  capture: { number: number; observed: unknown },
): CaptureEvent {
  const { number, observed } = capture;
  return {
    id: `${delivery.id}:${type.name}`,
    name: type.name,
    data: type.schema.parse({ ...toTarget(delivery.payload), number, observed }),
  };
}
