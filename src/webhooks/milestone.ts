import { z } from "zod";
import { titlesChanged } from "../lib/inngest/events.ts";
import { nodeId, text, timestamp } from "../lib/records/values.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

/**
 * Closing and opening change no captured column, but their payloads show the title, and the webhook of an earlier rename may be lost. When a
 * payload lacks the title, the capture asks GitHub.
 */
export const milestoneWebhook = defineWebhook({
  events: ["milestone.edited", "milestone.closed", "milestone.opened", "milestone.deleted"],
  payload: repositoryPayload.extend({
    action: z.string(),
    milestone: z.object({
      node_id: nodeId.nullish(),
      number: z.int32().positive(),
      title: text.nullish(),
      updated_at: timestamp,
    }),
  }),
  translate: ({ action, milestone, ...payload }, { id }) => {
    const node_id = milestone.node_id ?? undefined;
    const title = action === "deleted" ? null : (milestone.title ?? undefined);
    const ref = { kind: "milestone" as const, key: String(milestone.number) };
    const hasTitle = title !== undefined;
    return [
      createWebhookEvent(titlesChanged, id, {
        ...toTarget(payload),
        observed: hasTitle ? [{ ...ref, node_id, title, seen_at: milestone.updated_at }] : [],
        toFetch: !hasTitle && node_id !== undefined ? [{ ...ref, node_id }] : [],
        ...(!hasTitle && node_id === undefined && { all: true }),
      }),
    ];
  },
});
