/** The repositories that an installation's payload lists. */
import { z } from "zod";
import { toWebhookEventId } from "../lib/inngest/events/event-ids.ts";
import {
  githubName,
  installationChanged,
  type CaptureEvent,
  type InstallationChangedData,
} from "../lib/inngest/events.ts";
import { toInstallationEvents } from "../lib/inngest/events/installation-events.ts";
import type { GitHubInstallation } from "../lib/records/installation.ts";
import { InvalidPayloadError } from "./parse-payload.ts";

/** GitHub shows null for a repository that it cannot load. */
export const listedRepositories = z
  .array(
    z
      .object({
        id: z.int().positive(),
        full_name: z.string().max(511).nullish(),
        name: z.string().max(255).nullish(),
        private: z.boolean().nullish(),
      })
      .nullable(),
  )
  .nullish();

/** The payload's list in `field`. A repository without a `full_name` belongs to the installation's account. */
export function toInstalledRepositories<Field extends string>(
  payload: { installation: GitHubInstallation } & { [Key in Field]?: z.output<typeof listedRepositories> },
  field: Field,
): InstallationChangedData["added"] {
  const login = payload.installation.account?.login;
  const listed = payload[field] ?? [];
  return listed.flatMap((repository, index) => {
    if (repository === null) return [];
    const [owner = login, name = repository.name] = repository.full_name?.split("/") ?? [];
    const names = z.object({ owner: githubName, name: githubName }).safeParse({ owner, name });
    if (!names.success)
      throw new InvalidPayloadError(`${field}.${index}.full_name must be the repository's name`);
    return { id: repository.id, private: repository.private ?? undefined, ...names.data };
  });
}

export function toWebhookInstallationEvents(
  deliveryId: string,
  change: Pick<InstallationChangedData, "action" | "installation" | "added" | "removed">,
): CaptureEvent[] {
  return toInstallationEvents(
    // What the change stops has to stop before more is captured.
    { ...change, installationId: change.installation.id, reason: "webhook", priority: "critical" },
    (part) => toWebhookEventId(deliveryId, installationChanged.name, part),
  );
}
