import { z } from "zod";
import { repositoryChanged } from "../lib/inngest/events.ts";
import { repositorySchema } from "../lib/records/repository.ts";
import { repositoryPayload, toTarget, withValidNames } from "./repository-payload.ts";
import { createWebhookEvent, defineWebhook } from "./webhook.ts";

export const repositoryWebhook = defineWebhook({
  events: [
    "repository.renamed",
    "repository.transferred",
    "repository.deleted",
    "repository.archived",
    "repository.unarchived",
    "repository.privatized",
    "repository.publicized",
    "repository.edited",
  ],
  payload: repositoryPayload.extend({ action: z.string(), repository: withValidNames(repositorySchema) }),
  translate: ({ action, ...payload }, { id }) => [
    createWebhookEvent(repositoryChanged, id, {
      ...toTarget(payload),
      deleted: action === "deleted",
      transferred: action === "transferred",
      observed: payload.repository,
    }),
  ],
});
