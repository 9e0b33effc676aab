import type { Difference } from "../../../src/demo/compare-rows.ts";
import type { Truth } from "../../../src/demo/truth.ts";
import type { StormDatabase } from "./storm-database.ts";

/** What a storm is let loose on: a server with webhooks and rows. */
export interface Contender {
  /** Where the webhooks go. Another URL after each start. */
  webhooksUrl(): string;
  /** The status with which it refuses a delivery whose signature is wrong. */
  refusal: number;
  /** Ends the server with kill -9, and starts it again. */
  kill(): Promise<void>;
  /** Whether the queue that it sends events to refuses them. A contender without one does not care. */
  refuseEvents(isRefusing: boolean): void;
  /** Resolves when there is nothing left to do. */
  idle(): Promise<void>;
  /** Asks it to find and repair what it has missed. False where it cannot. */
  reconcile(): Promise<boolean>;
  /** Looks at what it has committed. */
  inspect(truth: Truth): Promise<Inspection>;
  /** How many events had more than one run that completed. Null: it has no runs. */
  doubledRuns(): number | null;
  close(): Promise<void>;
}

export interface Inspection {
  /** From that part of the truth which it can be expected to have. */
  differences: Difference[];
  /** The jobs of deliveries' events and of their replays, by the delivery's GUID. Null: it has no jobs. */
  jobs: ReadonlyMap<string, readonly JobOutcome[]> | null;
}

export interface JobOutcome {
  state: string;
  /** Why it failed or was cancelled. */
  message: string | null;
}

export type OpenContender = (githubUrl: string, database: StormDatabase) => Promise<Contender>;
