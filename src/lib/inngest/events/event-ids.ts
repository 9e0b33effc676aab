/**
 * The ids of events. Inngest ignores an id that it accepted in the last 24 hours, so an id says when two events are the same:
 * https://www.inngest.com/docs/events#deduplication
 */
import { randomUUID } from "node:crypto";

/** Returns the id of a webhook's event. `part` counts from 0 when one delivery becomes several events of one name. */
export function toWebhookEventId(deliveryId: string, eventName: string, part = 0): string {
  return `${deliveryId}:${eventName}${part === 0 ? "" : `:${part}`}`;
}

/** Returns the delivery that caused an event, directly or through another event, or null. */
export function toDeliveryId(eventId: string): string | null {
  return /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}):/i.exec(eventId)?.[1] ?? null;
}

/** Creates the id of an event that a person requests. Each one is new, so the event runs each time. */
export function createManualEventId(eventName: string): string {
  return `manual:${randomUUID()}:${eventName}`;
}

/** Creates the id of a replay that a person requests. Each one is new, so the replay runs each time. */
export function createReplayEventId(eventName: string): string {
  return `replay:${randomUUID()}:${eventName}`;
}

/** Returns the id of the reconciler's replay. It derives from the failed event, which is therefore replayed once. */
export function toReplayEventId(eventId: string): string {
  return `replay:${eventId}`;
}

/** Returns the id of the event that continues a sync after the run `runId`. */
export function toContinuationEventId(jobEventId: string, runId: string): string {
  return `${jobEventId}:after:${runId}`;
}

/** Returns the run that a continuation's event follows. Null for other ids. */
export function toPreviousRunId(eventId: string): string | null {
  return /:after:([^:]+)$/.exec(eventId)?.[1] ?? null;
}

const resend = /:resend:\d+/;

/** Returns the id with which a lost event is sent again. */
export function toResendId(eventId: string, resends: number): string {
  return `${eventId}:resend:${resends}`;
}

export function isResendId(eventId: string): boolean {
  return new RegExp(`${resend.source}$`).test(eventId);
}

/** Returns the `event_id` of the event's job. A resent event belongs to the job of the first. */
export function toJobEventId(eventId: string): string {
  return eventId.replaceAll(new RegExp(resend, "g"), "");
}
