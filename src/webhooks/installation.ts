import type { Probot } from "probot";
import { z } from "zod";
import { installationChanged, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import type { Delivery } from "./to-capture-event.ts";

export function onInstallation(app: Probot, send: SendEvents): void {
  app.on(
    [
      "installation.created",
      "installation.deleted",
      "installation.suspend",
      "installation.unsuspend",
      "installation.new_permissions_accepted",
    ],
    (delivery) => send(toInstallation(delivery)),
  );
}

/** Only an installation that begins tells which repositories it has; the lists of the others say nothing new. */
export function toInstallation(
  delivery: Delivery<{ action: string; installation: unknown; repositories?: unknown }>,
): CaptureEvent[] {
  const { action, installation, repositories } = delivery.payload;
  return toInstallationEvents(delivery.id, {
    action,
    installation,
    added: action === "created" ? (repositories ?? []) : [],
    removed: [],
  });
}

/** As payloads of an installation list a repository: two names, of 255 at most. */
const listed = z.array(
  z
    .object({ id: z.int().positive(), full_name: z.string().max(511), private: z.boolean() })
    .transform(({ full_name, ...repository }) => {
      const [owner, name] = full_name.split("/");
      return { ...repository, owner, name };
    }),
);

const identified = z.object({ installation: z.object({ id: z.int() }) });

/** A repository takes up to 200 bytes, and Inngest takes events of 256 KiB on its free plan. */
const maxRepositories = 500;

/** One event, or several where there are very many repositories: what they say adds up. Throws a `ZodError` for a payload of another shape. */
export function toInstallationEvents(
  deliveryId: string,
  change: { action: string; installation: unknown; added: unknown; removed: unknown },
): CaptureEvent[] {
  const { installation } = identified.parse(change);
  const added = listed.parse(change.added);
  const removed = listed.parse(change.removed);
  const events: CaptureEvent[] = [];
  for (let from = 0; from === 0 || from < Math.max(added.length, removed.length); from += maxRepositories) {
    const data = installationChanged.schema.parse({
      installationId: installation.id,
      action: change.action,
      installation: change.installation,
      added: added.slice(from, from + maxRepositories),
      removed: removed.slice(from, from + maxRepositories),
      reason: "webhook",
      priority: "critical", // what it stops is to stop before more is captured
    });
    const part = from === 0 ? "" : `:${from}`;
    events.push({
      id: `${deliveryId}:${installationChanged.name}${part}`,
      name: installationChanged.name,
      data,
    });
  }
  return events;
}
