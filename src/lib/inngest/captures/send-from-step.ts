import type { CaptureEvent } from "../events.ts";
import { toRequests } from "../events/batches.ts";
import type { StepTools } from "./capture.ts";

/** Sends a run's events, each request in a step of its own. Without events there is no step. */
export async function sendFromStep(
  step: Pick<StepTools, "sendEvent">,
  id: string,
  events: readonly CaptureEvent[],
): Promise<void> {
  for (const [index, request] of toRequests(events).entries())
    await step.sendEvent(`${id}-${index}`, request);
}
