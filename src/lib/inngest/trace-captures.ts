import { Middleware } from "inngest";
import { toTracedDelivery } from "../tracing/trace-ids.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { describeError } from "./describe-error.ts";
import { toJobEventId } from "./events/event-ids.ts";

type Run = Pick<Middleware.OnRunCompleteArgs, "ctx" | "fn">;

/** Middleware for the Inngest client. It records a span for each run, from the event's time to the run's end, and one for each step that ran. */
export function createTraceCaptures(tracing: Tracing): Middleware.Class {
  function recordRun({ ctx, fn }: Run, error?: string): void {
    const event = eventIdOf({ ctx });
    const endedAt = Date.now();
    tracing.record({
      name: `capture ${ctx.event.name}`,
      kind: "capture",
      event,
      id: ctx.runId,
      parent: toTracedDelivery(event),
      beganAt: Math.min(ctx.event.ts ?? endedAt, endedAt),
      endedAt,
      attributes: { ...toAttributes(ctx), "inngest.function": fn.id(), "inngest.run": ctx.runId },
      error,
    });
  }

  return class TraceCaptures extends Middleware.BaseMiddleware {
    readonly id = "pr-capture:trace-captures";

    override async wrapStepHandler({ ctx, fn, stepInfo, next }: Middleware.WrapStepHandlerArgs) {
      const beganAt = Date.now();
      let failure: string | undefined;
      try {
        return await next();
      } catch (error) {
        failure = describeError(error);
        throw error;
      } finally {
        tracing.record({
          name: `step ${stepInfo.options.id}`,
          kind: "step",
          event: eventIdOf({ ctx }),
          parent: ctx.runId,
          beganAt,
          endedAt: Date.now(),
          attributes: { "inngest.function": fn.id(), "inngest.attempt": ctx.attempt + 1 },
          error: failure,
        });
      }
    }

    override onRunComplete(completed: Middleware.OnRunCompleteArgs) {
      recordRun(completed);
    }

    override onRunError(failed: Middleware.OnRunErrorArgs) {
      if (failed.isFinalAttempt) recordRun(failed, describeError(failed.error));
    }
  };
}

function eventIdOf({ ctx }: Pick<Run, "ctx">): string {
  return toJobEventId(ctx.event.id ?? ctx.runId);
}

function toAttributes({ event }: Run["ctx"]) {
  const { repository, number, reason, priority, installationId } = event.data ?? {};
  return {
    "github.repository": repository && `${repository.owner}/${repository.name}`,
    "github.pull_request": number,
    "github.installation": installationId,
    "pr_capture.reason": reason,
    "pr_capture.priority": priority,
  };
}
