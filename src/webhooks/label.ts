import { z } from "zod";
import { titlesChanged } from "../lib/inngest/events.ts";
import { nodeId, text } from "../lib/records/values.ts";
import { repositoryPayload, toTarget } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

/**
 * A deletion is final. A rename has no time in its payload, so two renames cannot be ordered, and the capture asks GitHub. The node id is the
 * only id of a label that GraphQL has too.
 */
export const labelWebhook = defineWebhook({
  events: ["label.edited", "label.deleted"],
  payload: repositoryPayload.extend({
    action: z.string(),
    label: z.object({ node_id: nodeId.nullish(), name: text.nullish() }),
    changes: z
      .object({ name: z.object({ from: text }) })
      .optional()
      .catch(undefined),
  }),
  ignores: keepsName,
  translate: ({ action, label, changes, ...payload }, { id }) => {
    const { node_id, name } = label;
    const ref = node_id ? { kind: "label" as const, key: node_id, node_id } : null;
    const isDeleted = action === "deleted";
    return [
      createWebhookEvent(titlesChanged, id, {
        ...toTarget(payload),
        observed: ref && isDeleted ? [{ ...ref, title: null, seen_at: null }] : [],
        toFetch:
          ref && !isDeleted
            ? [{ ...ref, previousTitle: changes?.name.from, payloadTitle: name ?? undefined }]
            : [],
        ...(!ref && { all: true }),
      }),
    ];
  },
});

/** True when the payload names the changes, and the name is not among them. */
function keepsName(payload: unknown): boolean {
  const { action, changes } = Object(payload);
  if (action === "deleted" || typeof changes !== "object" || changes === null) return false;
  return !("name" in changes) && Object.keys(changes).length > 0;
}
