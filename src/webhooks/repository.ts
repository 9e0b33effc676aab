import type { Probot } from "probot";
import { repositoryChanged, type CaptureEvent, type SendEvents } from "../lib/inngest/events.ts";
import { toTarget, type Delivery } from "./to-capture-event.ts";

export function onRepository(app: Probot, send: SendEvents): void {
  app.on(
    [
      "repository.renamed",
      "repository.transferred",
      "repository.deleted",
      "repository.archived",
      "repository.unarchived",
      "repository.privatized",
      "repository.publicized",
      "repository.edited",
    ],
    (delivery) => send([toRepository(delivery)]),
  );
}

export function toRepository(delivery: Delivery<{ action: string; repository: unknown }>): CaptureEvent {
  const { action, repository } = delivery.payload;
  return {
    id: `${delivery.id}:${repositoryChanged.name}`,
    name: repositoryChanged.name,
    data: repositoryChanged.schema.parse({
      ...toTarget(delivery.payload),
      deleted: action === "deleted",
      transferred: action === "transferred",
      observed: repository,
    }),
  };
}
