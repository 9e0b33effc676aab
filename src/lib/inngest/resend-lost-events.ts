import type { Logger } from "inngest";
import { checkJournal, recordResent } from "../store/journal.ts";
import type { Store } from "../store/store.ts";
import { toResendId } from "./events/event-ids.ts";
import type { SendEvents } from "./events.ts";

const resendBatchSize = 200;

export interface ResendOptions {
  store: Store;
  send: SendEvents;
  log: Logger;
}

/**
 * Resends events that the queue accepted and lost, without `observed`. Returns how many. Throws if the queue does not accept them; the next call
 * tries again. The ids derive from the events' ids, so two servers send the same ones.
 */
export async function resendLostEvents({ store, send, log }: ResendOptions): Promise<number> {
  let sent = 0;
  for (;;) {
    const lost = await checkJournal(store, resendBatchSize);
    if (lost.length === 0) return sent;
    await send(
      lost.map(({ event_id, event, resends }) => ({ ...event, id: toResendId(event_id, resends + 1) })),
    );
    await recordResent(
      store,
      lost.map(({ event_id }) => event_id),
    );
    sent += lost.length;
    log.warn({ events: lost.length, first: lost[0]?.event_id }, "The queue lost events. Resent them");
  }
}
