import { describeError } from "../lib/inngest/describe-error.ts";
import type { SendEvents } from "../lib/inngest/events.ts";
import { toTracedDelivery } from "../lib/tracing/trace-ids.ts";
import type { Tracing } from "../lib/tracing/tracing.ts";
import type { AnsweredDelivery } from "./webhook-endpoint.ts";

/** Records a webhook's span, the root of its trace. Deliveries that are not GitHub's have none. */
export function traceDelivery(
  tracing: Tracing,
  { event, id, status, tookMs }: AnsweredDelivery,
  handles: (webhook: string) => boolean,
): void {
  if (id === null || status === 401 || tookMs === 0) return;
  const endedAt = Date.now();
  const name = handles(event) ? event : "other";
  tracing.record({
    name: `webhook ${name}`,
    kind: "webhook",
    event: id,
    id: toTracedDelivery(id) ?? id,
    beganAt: endedAt - tookMs,
    endedAt,
    attributes: { "github.event": name, "github.delivery": id, "http.response.status_code": status },
    ...(status >= 500 && { error: `The delivery was answered ${status}.` }),
  });
}

/** Records how long the events of a webhook took to become durable. */
export function traced(tracing: Tracing, send: SendEvents): SendEvents {
  return async (events) => {
    const beganAt = Date.now();
    let failure: string | undefined;
    try {
      await send(events);
    } catch (error) {
      failure = describeError(error);
      throw error;
    } finally {
      const id = events[0]?.id ?? "";
      tracing.record({
        name: "send events",
        kind: "send",
        event: id,
        parent: toTracedDelivery(id),
        beganAt,
        endedAt: Date.now(),
        attributes: {
          "messaging.batch.message_count": events.length,
          "inngest.events": events.map(({ name }) => name).join(" "),
        },
        error: failure,
      });
    }
  };
}
