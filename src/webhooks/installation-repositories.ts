import { z } from "zod";
import { installationSchema } from "../lib/records/installation.ts";
import { listedRepositories, toInstalledRepositories, toWebhookInstallationEvents } from "./installed.ts";
import { defineWebhook } from "./webhook.ts";

export const installationRepositoriesWebhook = defineWebhook({
  events: ["installation_repositories.added", "installation_repositories.removed"],
  payload: z.object({
    action: z.enum(["added", "removed"]),
    installation: installationSchema,
    repositories_added: listedRepositories,
    repositories_removed: listedRepositories,
  }),
  translate: (payload, { id }) =>
    toWebhookInstallationEvents(id, {
      action: payload.action,
      installation: payload.installation,
      added: toInstalledRepositories(payload, "repositories_added"),
      removed: toInstalledRepositories(payload, "repositories_removed"),
    }),
});
