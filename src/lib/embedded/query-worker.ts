/** Answers calls of SQL functions from a copy of the database. `query-copy.ts` starts it, and ends it when a call takes too long. */
import { parentPort, workerData } from "node:worker_threads";
import { openCopy } from "./open-pglite.ts";
import type { CopiedDatabase } from "./sql-database.ts";
import { createSupabaseFetch } from "./supabase-fetch.ts";

/** PGlite begins with a quarter of it. */
const maxMemoryBytes = 1024 * 1024 * 1024;
const pageBytes = 64 * 1024;

export interface WorkerCall {
  url: string;
  body: string;
}

export interface WorkerAnswer {
  status: number;
  body: string;
}

/** Node's types lack it. */
declare const WebAssembly: {
  Memory: { prototype: { readonly buffer: ArrayBuffer; grow(pages: number): number } };
};

// A query that needs more gets Postgres's "out of memory", and the server's machine stays well.
const grow = WebAssembly.Memory.prototype.grow; // oxlint-disable-line typescript/unbound-method -- called with a memory
WebAssembly.Memory.prototype.grow = function growWithinLimit(pages) {
  if (this.buffer.byteLength + pages * pageBytes > maxMemoryBytes)
    throw new RangeError("A query may use 1 GB of memory.");
  return grow.call(this, pages);
};

const port = parentPort;
const answer = createSupabaseFetch(await openCopy(workerData as CopiedDatabase));
port?.on("message", (call: WorkerCall) => void answerCall(call));
port?.postMessage("ready");

async function answerCall({ url, body }: WorkerCall): Promise<void> {
  const response = await answer(url, { method: "POST", body });
  port?.postMessage({ status: response.status, body: await response.text() } satisfies WorkerAnswer);
}
