import type { MessagePort } from "node:worker_threads";

/** DATA_DIR; or any data folder of PGlite, or memory with the content of a snapshot or its file. */
export type Place =
  | { folder: string }
  | { dataDir: string; snapshot?: string | Uint8Array<ArrayBuffer>; maxMemoryBytes?: number };

/** A guest is a client that is not the server, such as psql. */
export interface GuestLimits {
  /** The longest time for which it can hold the session. The server waits for it. */
  maxHoldMs: number;
  /** A larger result fails. It would take several times as much of the server's memory. */
  maxAnswerBytes: number;
}

export type WorkerRequest =
  | { kind: "connection"; port: MessagePort; guest: GuestLimits | null }
  | { kind: "dump" }
  | { kind: "close" };

export type WorkerMessage =
  | { kind: "ready" }
  | { kind: "refused"; message: string; isSetup: boolean }
  | { kind: "broken"; reason: string }
  | { kind: "dump"; snapshot: Uint8Array<ArrayBuffer> };

export type CreationResult =
  | { kind: "created" }
  | { kind: "disk-full" }
  | { kind: "failed"; message: string };
