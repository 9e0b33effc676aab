import { z } from "zod";
import { installationSchema } from "../lib/records/installation.ts";
import { listedRepositories, toInstalledRepositories, toWebhookInstallationEvents } from "./installed.ts";
import { defineWebhook } from "./webhook.ts";

export const installationWebhook = defineWebhook({
  events: [
    "installation.created",
    "installation.deleted",
    "installation.suspend",
    "installation.unsuspend",
    "installation.new_permissions_accepted",
  ],
  // Only a new installation's payload lists repositories that we do not know yet.
  payload: z.discriminatedUnion("action", [
    z.object({
      action: z.literal("created"),
      installation: installationSchema,
      repositories: listedRepositories,
    }),
    z.object({
      action: z.enum(["deleted", "suspend", "unsuspend", "new_permissions_accepted"]),
      installation: installationSchema,
    }),
  ]),
  translate: (payload, { id }) =>
    toWebhookInstallationEvents(id, {
      action: payload.action,
      installation: withSuspension(payload),
      added: payload.action === "created" ? toInstalledRepositories(payload, "repositories") : [],
      removed: [],
    }),
});

/** Older payloads lack `suspended_at`. Their action shows it, unless it concerns something else. */
function withSuspension({
  action,
  installation: shown,
}: {
  action: string;
  installation: z.output<typeof installationSchema>;
}) {
  if (shown.suspended_at !== undefined) return shown;
  if (action === "suspend") return { ...shown, suspended_at: shown.updated_at };
  return action === "created" || action === "unsuspend" ? { ...shown, suspended_at: null } : shown;
}
