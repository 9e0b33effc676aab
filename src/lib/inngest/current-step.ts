import { AsyncLocalStorage } from "node:async_hooks";
import { Middleware } from "inngest";

const steps = new AsyncLocalStorage<string>();

/** Middleware for the Inngest client. It lets `currentStep` name the step that is running. */
export class TrackSteps extends Middleware.BaseMiddleware {
  readonly id = "pr-capture:track-steps";

  override wrapStepHandler({ stepInfo, next }: Middleware.WrapStepHandlerArgs): Promise<unknown> {
    return steps.run(stepInfo.options.id, next);
  }
}

/** The id of the step that calls this; null outside steps. */
export function currentStep(): string | null {
  return steps.getStore() ?? null;
}
