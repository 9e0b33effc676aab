import { Middleware, type Logger } from "inngest";
import { eventNamesWithJob } from "./events.ts";
import { toDeliveryId } from "./events/event-ids.ts";

/** The result of a run that another run continues. */
export const continued = "continued in another run";

interface CaptureData {
  repository?: { owner: string; name: string };
  number?: number;
  reason?: string;
}

/** Middleware for the Inngest client. It logs one line for each capture that succeeded; `record-failures` logs the others. */
export function createLogCaptures(log: Pick<Logger, "info">): Middleware.Class {
  return class LogCaptures extends Middleware.BaseMiddleware {
    readonly id = "pr-capture:log-captures";

    override onRunComplete({ ctx: { event, runId }, fn, output }: Middleware.OnRunCompleteArgs) {
      if (!eventNamesWithJob.includes(event.name) || output === continued) return;
      const { repository, number, reason }: CaptureData = Object(event.data);
      const delivery = toDeliveryId(event.id ?? "");
      log.info(
        {
          ...(delivery !== null && { delivery }),
          function: fn.id(),
          event: event.id ?? runId,
          ...(repository && { repository: `${repository.owner}/${repository.name}` }),
          ...(number !== undefined && { number }),
          reason,
          ...(event.ts !== undefined && { ms: Date.now() - event.ts }),
        },
        "A capture ended",
      );
    }
  };
}
