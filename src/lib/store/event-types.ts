/** An event in the outbox. `attempts` counts the failed attempts to send it again. */
export interface DueEvent {
  id: number;
  attempts: number;
  event: { id: string; name: string; data: Record<string, unknown> };
}

export interface OutboxStats {
  waiting: number;
  /** Null: nothing waits. */
  oldest_at: string | null;
}

/** An event in the journal, without observations: small, but complete enough to send it again. */
export interface JournalEntry {
  id: string;
  name: string;
  data: Record<string, unknown>;
  /** The event id of the job, if it differs: the event continues a sync, or a resent event's run sent it. */
  job_event_id?: string;
  /** The run that sent the event, if it continues a sync. */
  after_run_id?: string;
}

/** An event that the queue accepted and lost. `resends` is how often it was sent again. */
export interface LostEvent {
  event_id: string;
  event: { name: string; data: Record<string, unknown> };
  resends: number;
}

export interface JournalStats {
  /** Events that should have a job by now. */
  unstarted: number;
  /** When the oldest of them was accepted. */
  oldest_at: string | null;
  /** How many of them were sent again. */
  resent: number;
  /** Jobs that failed because the queue never ran their event. */
  given_up: number;
}
