import { toAlertText } from "../../alerts/alert-text.ts";
import { postAlert } from "../../alerts/post-alert.ts";
import { moveCheckpoint, summarizeFailures } from "../../store/failures.ts";
import type { CaptureDependencies } from "../captures/capture.ts";
import { failuresAlert } from "../events.ts";

const name = "alert-failures";
const maxReasons = 5;

/** Posts one message about the captures that failed since the last message or look. A look requests it when there are any. */
export function createAlertFailures(
  { inngest, store }: Pick<CaptureDependencies, "inngest" | "store">,
  alertWebhookUrl: string,
) {
  return inngest.createFunction(
    { id: name, retries: 5, concurrency: [{ limit: 1 }], triggers: [failuresAlert] },
    async ({ event, step }) => {
      const { since, until } = event.data;
      const failures = await step.run("summarize-failures", () =>
        summarizeFailures(store, { name, without: since, until, max_reasons: maxReasons }),
      );
      if (failures.total === 0) return; // another run posted them
      await step.run("post-alert", () => postAlert(alertWebhookUrl, toAlertText(failures)));
      await step.run("move-checkpoint", () => moveCheckpoint(store, name, until));
    },
  );
}
