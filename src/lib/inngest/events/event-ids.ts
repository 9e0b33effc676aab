/**
 * The ids of events. Inngest ignores an id that it accepted in the last 24 hours, so an id says when two events are the same:
 * https://www.inngest.com/docs/events#deduplication
 */
import { randomUUID } from "node:crypto";

/** `part` counts from 0 when one delivery becomes several events of one name. */
export function toWebhookEventId(deliveryId: string, eventName: string, part = 0): string {
  return `${deliveryId}:${eventName}${part === 0 ? "" : `:${part}`}`;
}

/** The delivery that caused an event, directly or through another event. Null: there is none. */
export function toDeliveryId(eventId: string): string | null {
  return /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}):/i.exec(eventId)?.[1] ?? null;
}

/** For an event that a person requests. It runs each time. */
export function createManualEventId(eventName: string): string {
  return `manual:${randomUUID()}:${eventName}`;
}

/** For a job that a person replays. It runs each time. */
export function createReplayEventId(eventName: string): string {
  return `replay:${randomUUID()}:${eventName}`;
}

/** For a job that the reconciler replays: each failed event is replayed once. */
export function toReplayEventId(eventId: string): string {
  return `replay:${eventId}`;
}

/** For the run that continues a sync after `runId`. */
export function toContinuationEventId(jobEventId: string, runId: string): string {
  return `${jobEventId}:after:${runId}`;
}

/** The run that a continuation's event follows. Null for other ids. */
export function toPreviousRunId(eventId: string): string | null {
  return /:after:([^:]+)$/.exec(eventId)?.[1] ?? null;
}

const resend = /:resend:\d+/;

/** For an event that the queue lost. */
export function toResendId(eventId: string, resends: number): string {
  return `${eventId}:resend:${resends}`;
}

export function isResendId(eventId: string): boolean {
  return new RegExp(`${resend.source}$`).test(eventId);
}

/** The `event_id` of the event's job. A resent event belongs to the job of the first. */
export function toJobEventId(eventId: string): string {
  return eventId.replaceAll(new RegExp(resend, "g"), "");
}
