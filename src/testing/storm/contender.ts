import type { Difference } from "../compare-rows.ts";
import type { Truth } from "../truth.ts";
import type { StormDatabase } from "./storm-database.ts";

/** A server that a storm tests. */
export interface Contender {
  /** The URL for webhooks, which changes at each start. */
  webhooksUrl(): string;
  /** The status with which it refuses a wrong signature. */
  refusal: number;
  /** Ends the server with kill -9 and starts it again. */
  kill(): Promise<void>;
  /** Makes the queue refuse events, or accept them again. Does nothing without a queue. */
  refuseEvents(isRefusing: boolean): void;
  /** Makes the queue accept and lose each event for which `isDropped` returns true. */
  dropEvents(isDropped: () => boolean): void;
  /** The number of events that the queue has lost. */
  droppedEvents(): number;
  /** Moves time forward until the server has found the events that the queue lost. */
  fastForward(): Promise<void>;
  /** Resolves when no work is left. */
  idle(): Promise<void>;
  /** Makes the server find and repair what it missed. Returns false when it cannot. */
  reconcile(): Promise<boolean>;
  /** Compares what it has committed with the truth. */
  inspect(truth: Truth): Promise<Inspection>;
  /** The number of events with more than one completed run. Null: it has no runs. */
  doubledRuns(): number | null;
  close(): Promise<void>;
}

export interface Inspection {
  /** The differences from the part of the truth that it can have. */
  differences: Difference[];
  /** The jobs of deliveries and of their replays, by the delivery's GUID. Null: it has no jobs. */
  jobs: ReadonlyMap<string, readonly JobOutcome[]> | null;
}

export interface JobOutcome {
  event_name: string;
  repository: string | null;
  number: number | null;
  state: string;
  /** The reason why it failed or was cancelled. */
  message: string | null;
}

export type OpenContender = (githubUrl: string, database: StormDatabase) => Promise<Contender>;
