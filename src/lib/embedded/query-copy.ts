import { setTimeout as delay } from "node:timers/promises";
import { openWorkerPool } from "./pglite/open-worker-pool.ts";
import { startWorker, type PgliteWorker } from "./pglite/start-worker.ts";
import type { DatabaseCopy } from "./sql-database.ts";
import { createSupabaseFetch } from "./supabase-fetch.ts";

/** The longest call. A worker's database cannot be interrupted, so the worker is killed, and the next query starts another one. */
const maxCallMs = 5_000;
/** How long a worker without work keeps its memory. */
const idleMs = 60_000;
/** The maximum number of waiting calls. Further ones are refused. */
const maxWaiting = 5;

export interface QueryCopy {
  /** Answers supabase-js's `rpc()` from a copy that is as new as the database when the call's turn comes. */
  fetch: typeof fetch;
  close(): Promise<void>;
}

interface OpenCopy {
  worker: PgliteWorker;
  fetch: typeof fetch;
}

/**
 * Runs queries on a copy of a PGlite database, one after another. The database has one session, which a slow query would block, and nothing could
 * end it. A worker opens the copy; it is copied and opened again when the database has changed.
 */
export function createQueryCopy(copy: DatabaseCopy): QueryCopy {
  let open: OpenCopy | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let isClosed = false;

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const stopped = open;
    open = null;
    await stopped?.worker.kill("the copy is not needed");
  }

  async function getCurrent(): Promise<OpenCopy> {
    if (open && (await copy.isCurrent())) return open;
    await stop();
    const worker = await startWorker(await copy.refresh(), () => {});
    open = { worker, fetch: createSupabaseFetch(openWorkerPool(worker)) };
    return open;
  }

  async function answer(...call: Parameters<typeof fetch>): Promise<Response> {
    if (isClosed) return refuse(503, "PGRST000", "The server is shutting down.");
    const current = await getCurrent();
    clearTimeout(idle);
    const timeout = new AbortController();
    const late = delay(maxCallMs, null, { signal: timeout.signal }).catch(() => null);
    const response = await Promise.race([current.fetch(...call), late]);
    timeout.abort();
    // After a stack overflow PGlite no longer works, and its worker ends.
    if (response === null || response.status === 503) {
      await stop();
      return response === null
        ? refuse(500, "57014", "canceling statement due to statement timeout")
        : refuse(500, "54001", "the query is too complex");
    }
    idle = setTimeout(() => void stop(), idleMs).unref();
    return response;
  }

  return {
    fetch: async (...call) => {
      if (waiting >= maxWaiting) return refuse(503, "PGRST000", "Too many queries wait. Try again later.");
      waiting++;
      const result = last.then(() => answer(...call));
      last = result.catch(stop).finally(() => waiting--);
      return result;
    },
    close: async () => {
      isClosed = true;
      await stop();
      await last;
      await copy.remove();
    },
  };
}

function refuse(status: number, code: string, message: string): Response {
  return Response.json({ code, message, details: null, hint: null }, { status });
}
