import type { JobFilter } from "../../../api/console-contract.ts";
import { findFailedJobs, replayJobs } from "../../store/failures.ts";
import type { FailedJob, ReplayedEvent } from "../../store/job-types.ts";
import { getJob, recordSent } from "../../store/jobs.ts";
import type { Store } from "../../store/store.ts";
import type { SendEvents } from "../events.ts";
import { createReplayEventId } from "../events/event-ids.ts";
import { NotAcceptedError } from "../send-events.ts";
import { NotReplayableError } from "./errors.ts";

interface Dependencies {
  store: Store;
  send: SendEvents;
}

const maxReplays = 10_000;
const replayBatchSize = 200;

/** Replays a failed job. Returns the new job's event id. Throws a `NotReplayableError`. */
export async function replayJob({ store, send }: Dependencies, id: number): Promise<string> {
  const job = await getJob(store, id);
  if (!job) throw new NotReplayableError(`There is no job ${id}.`);
  const asked = { id, event_id: createReplayEventId(job.event_name) };
  const [event] = await replayJobs(store, [asked]);
  if (!event) {
    const { state } = (await getJob(store, id)) ?? job;
    throw new NotReplayableError(`Job ${id} is ${state}; only a failed one can be replayed.`);
  }
  await sendOrLeave({ store, send }, [event]);
  return event.id;
}

/** Replays the failed jobs that a filter matches, newest first. Returns how many. */
export async function replayMatching({ store, send }: Dependencies, filter: JobFilter): Promise<number> {
  let replayed = 0;
  let before: number | null = null;
  let isAccepting = true;
  while (replayed < maxReplays) {
    const limit = Math.min(replayBatchSize, maxReplays - replayed);
    const failed: FailedJob[] = await findFailedJobs(store, filter, { before, limit });
    if (failed.length === 0) break;
    before = failed.at(-1)?.id ?? null;
    const asked = failed.map(({ id, event_name }) => ({ id, event_id: createReplayEventId(event_name) }));
    const events = await replayJobs(store, asked);
    if (isAccepting) isAccepting = await sendOrLeave({ store, send }, events);
    replayed += events.length;
  }
  return replayed;
}

/** Sends events that are in the outbox. Returns false if Inngest does not accept them: the outbox sends them later. */
async function sendOrLeave({ store, send }: Dependencies, events: ReplayedEvent[]): Promise<boolean> {
  try {
    await send(events);
  } catch (error) {
    if (error instanceof NotAcceptedError) return false;
    throw error;
  }
  await recordSent(
    store,
    events.map(({ id }) => id),
  );
  return true;
}
