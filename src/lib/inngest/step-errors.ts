import { Middleware } from "inngest";
import { retryBriefly, toInngestError } from "../github/to-inngest-error.ts";
import { isUnstorable } from "../store/store.ts";

/**
 * Gives each step's error its retry policy. `toInngestError` decides for GitHub's errors. Data that Postgres cannot store becomes a dead letter
 * within minutes. Other errors follow the function's retries.
 */
export class StepErrors extends Middleware.BaseMiddleware {
  readonly id = "step-errors";

  override async wrapStepHandler({ ctx, next }: Middleware.WrapStepHandlerArgs): Promise<unknown> {
    try {
      return await next();
    } catch (error) {
      throw toStepError(error, ctx.attempt);
    }
  }
}

/** `attempt` counts from 0. */
export function toStepError(error: unknown, attempt: number): unknown {
  return isUnstorable(error) ? retryBriefly(error.message, attempt) : toInngestError(error, attempt);
}
