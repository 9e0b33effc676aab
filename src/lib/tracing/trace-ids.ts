/**
 * Ids of traces and spans are derived, not passed on: a capture finds its webhook's trace by the id of its event, in any process and after a restart.
 */
import { createHash } from "node:crypto";
import { toDeliveryId } from "../inngest/events/event-ids.ts";

/**
 * GitHub's GUID of the delivery that an event comes from, in lower case. Null for other events. The reconciler's replay of a failed event belongs
 * to its delivery too, and a delivery's id alone is its own.
 */
export function toTracedDelivery(eventId: string): string | null {
  return toDeliveryId(`${eventId.replace(/^replay:/i, "")}:`)?.toLowerCase() ?? null;
}

/** 32 hexadecimal digits: the delivery's GUID without hyphens, or else a hash. The runs that continue a sync share its trace. */
export function toTraceId(eventId: string): string {
  const guid = toTracedDelivery(eventId)?.replaceAll("-", "");
  if (guid && /[^0]/.test(guid)) return guid;
  return toHash(eventId.replace(/:after:.*$/s, "")).slice(0, 32);
}

/** 16 hexadecimal digits. */
export function toSpanId(subject: string): string {
  return toHash(subject).slice(0, 16);
}

function toHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
