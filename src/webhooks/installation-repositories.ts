import type { Probot } from "probot";
import type { CaptureEvent, SendEvents } from "../lib/inngest/events.ts";
import { toInstallationEvents } from "./installation.ts";
import type { Delivery } from "./to-capture-event.ts";

export function onInstallationRepositories(app: Probot, send: SendEvents): void {
  app.on(["installation_repositories.added", "installation_repositories.removed"], (delivery) =>
    send(toInstallationRepositories(delivery)),
  );
}

export function toInstallationRepositories(
  delivery: Delivery<{
    action: string;
    installation: unknown;
    repositories_added: unknown;
    repositories_removed: unknown;
  }>,
): CaptureEvent[] {
  const { action, installation, repositories_added, repositories_removed } = delivery.payload;
  return toInstallationEvents(delivery.id, {
    action,
    installation,
    added: repositories_added,
    removed: repositories_removed,
  });
}
