import { z } from "zod";
import { accountRenamed } from "../lib/inngest/events.ts";
import { text } from "../lib/records/values.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

/**
 * The payload has no time of the rename, so the capture asks GitHub for the account's login. GitHub sends this webhook to every App, subscribed
 * or not: https://docs.github.com/webhooks/webhook-events-and-payloads#installation_target
 */
export const installationTargetWebhook = defineWebhook({
  events: ["installation_target.renamed"],
  payload: z.object({
    installation: z.object({ id: z.int().positive() }),
    changes: z.object({ login: z.object({ from: text.nullish() }).nullish() }).nullish(),
  }),
  translate: ({ installation, changes }, { id }) => [
    createWebhookEvent(accountRenamed, id, {
      installationId: installation.id,
      former: changes?.login?.from ?? undefined,
      reason: "webhook",
      priority: "high",
    }),
  ],
});
