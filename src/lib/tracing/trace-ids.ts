/**
 * Ids of traces and spans are derived, not passed on: a capture finds its webhook's trace by the id of its event, in any process and after a restart.
 */
import { createHash } from "node:crypto";

/** The reconciler's replay of a failed event belongs to its delivery too. */
const deliveryId = /^(?:replay:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?::|$)/i;

/** GitHub's GUID of the delivery that an event comes from, in lower case. Null for other events. */
export function toTracedDelivery(eventId: string): string | null {
  return deliveryId.exec(eventId)?.[1]?.toLowerCase() ?? null;
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
