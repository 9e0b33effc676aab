import { cron } from "inngest";
import { toAlertText } from "../../alerts/alert-text.ts";
import { postAlert } from "../../alerts/post-alert.ts";
import { moveCheckpoint, summarizeFailures } from "../../store/failures.ts";
import type { CaptureDependencies } from "./capture.ts";

const name = "alert-failures";
const everyMs = 5 * 60_000;
const mostReasons = 5;

/** Tells, every five minutes, which captures have failed for good since the last time: a thousand of them in one message. */
export function createAlertFailures(
  { inngest, store }: Pick<CaptureDependencies, "inngest" | "store">,
  alertWebhookUrl: string,
) {
  return inngest.createFunction(
    { id: name, retries: 5, concurrency: [{ limit: 1 }], triggers: [cron("*/5 * * * *")] },
    async ({ step }) => {
      const { until, failures } = await step.run("summarize-failures", async () => {
        const now = Date.now();
        const moment = new Date(now).toISOString();
        const asked = {
          name,
          without: new Date(now - everyMs).toISOString(),
          until: moment,
          max_reasons: mostReasons,
        };
        return { until: moment, failures: await summarizeFailures(store, asked) };
      });
      if (failures.total === 0) return;
      await step.run("post-alert", () => postAlert(alertWebhookUrl, toAlertText(failures)));
      await step.run("move-checkpoint", () => moveCheckpoint(store, name, until));
    },
  );
}
