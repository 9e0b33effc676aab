import type { CaptureReason, Priority } from "../../../api/contract.ts";
import type { QueuedJob } from "../../store/job-types.ts";
import type { FoundRepository } from "../../store/repository-types.ts";
import { queueJobs, recordSent, unqueueJobs } from "../../store/jobs.ts";
import type { Store } from "../../store/store.ts";
import type { CaptureEvent, RepositorySyncData, SendEvents } from "../events.ts";
import { toBatches } from "../events/batches.ts";
import { createManualEventId } from "../events/event-ids.ts";
import { NotAcceptedError } from "../send-events.ts";

/** A capture to queue: of a pull request, or a sync of a repository. */
export interface Capture {
  type: { name: string };
  repository: FoundRepository;
  /** Null: a sync. */
  number: number | null;
  /** How far back the sync goes. Null: through all history. */
  since?: string | null;
  sync?: Pick<RepositorySyncData, "scope" | "inventory">;
  reason: CaptureReason;
  priority: Priority;
}

interface IdentifiedCapture extends Capture {
  eventId: string;
}

const queueBatchSize = 200;

/**
 * Queues captures that are not pending already, and sends their events. Returns how many were sent. Throws a `NotAcceptedError` if Inngest
 * does not accept the events; none of the rejected captures stays pending.
 */
export async function queueCaptures(
  { store, send }: { store: Store; send: SendEvents },
  captures: readonly Capture[],
): Promise<number> {
  let sent = 0;
  for (const batch of toBatches(captures, queueBatchSize)) {
    const identified = batch.map((each) => ({ eventId: createManualEventId(each.type.name), ...each }));
    const queued = new Set(await queueJobs(store, identified.map(toJob)));
    const events = identified.filter(({ eventId }) => queued.has(eventId)).map(toEvent);
    if (events.length === 0) continue;
    try {
      await send(events);
    } catch (error) {
      await unqueueJobs(store, [...queued]);
      if (!(error instanceof NotAcceptedError)) throw error;
      const before = sent === 0 ? "Nothing was queued." : `Only ${sent} captures were queued before.`;
      throw new NotAcceptedError(`${error.message} ${before}`, { cause: error });
    }
    await recordSent(store, [...queued]);
    sent += events.length;
  }
  return sent;
}

function toJob(capture: IdentifiedCapture): QueuedJob {
  const { eventId, type, repository, number, since = null, reason, priority } = capture;
  return {
    event_id: eventId,
    event_name: type.name,
    repository_id: repository.id,
    repository: `${repository.owner}/${repository.name}`,
    number,
    since,
    installation_id: repository.installation_id,
    reason,
    priority,
    data: toEvent(capture).data,
  };
}

function toEvent(capture: IdentifiedCapture): CaptureEvent {
  const { eventId, type, repository, number, since, sync, reason, priority } = capture;
  const { id, owner, name, installation_id: installationId } = repository;
  return {
    id: eventId,
    name: type.name,
    data: {
      repository: { id, owner, name },
      installationId,
      reason,
      priority,
      ...(number !== null && { number }),
      ...(since && { since }),
      ...sync,
    },
  };
}
