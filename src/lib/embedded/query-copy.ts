import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { WorkerAnswer, WorkerCall } from "./query-worker.ts";
import type { DatabaseCopy } from "./sql-database.ts";

/** A worker's database cannot be interrupted. So the worker is ended, and the next query starts another one. */
const maxCallMs = 5_000;
/** How long a worker without work keeps its memory. */
const idleMs = 60_000;
/** Further calls are refused. */
const maxWaiting = 5;

export interface QueryCopy {
  /** Answers supabase-js's `rpc()` from a copy that is as new as the database when the call's turn comes. */
  fetch: typeof fetch;
  close(): Promise<void>;
}

interface Running {
  worker: Worker;
  ended: AbortSignal;
}

/**
 * Runs queries on a copy of a PGlite database, one after another. PGlite runs in this thread, where a slow query would stop the server and
 * nothing could end it. A worker opens the copy; it is copied and opened again when the database has changed.
 */
export function createQueryCopy(copy: DatabaseCopy): QueryCopy {
  let running: Running | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let isClosed = false;

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const stopped = running;
    running = null;
    await stopped?.worker.terminate();
  }

  async function getCurrent(): Promise<Running> {
    if (running && !running.ended.aborted && (await copy.isCurrent())) return running;
    await stop();
    const workerData = await copy.refresh();
    const worker = new Worker(new URL("./query-worker.ts", import.meta.url), { workerData });
    const ended = new AbortController();
    worker.on("error", (error) => ended.abort(error));
    worker.on("exit", () => ended.abort());
    worker.unref();
    running = { worker, ended: ended.signal };
    await once(worker, "message", { signal: ended.signal });
    return running;
  }

  async function answer(call: WorkerCall): Promise<Response> {
    if (isClosed) return refuse(503, "PGRST000", "The server is shutting down.");
    const { worker, ended } = await getCurrent();
    clearTimeout(idle);
    const timeout = AbortSignal.timeout(maxCallMs);
    const answered = once(worker, "message", { signal: AbortSignal.any([ended, timeout]) });
    worker.postMessage(call); // oxlint-disable-line unicorn/require-post-message-target-origin -- it is not a window
    try {
      const [{ status, body }] = (await answered) as [WorkerAnswer];
      // After a stack overflow PGlite answers nothing or fails, and no longer works.
      if (status === 503 || body === "null") throw new Error("The copy is broken.");
      idle = setTimeout(() => void stop(), idleMs).unref();
      return new Response(body, { status });
    } catch {
      await stop();
      return timeout.aborted
        ? refuse(500, "57014", "canceling statement due to statement timeout")
        : refuse(500, "54001", "the query is too complex");
    }
  }

  return {
    fetch: async (input, init) => {
      if (waiting >= maxWaiting) return refuse(503, "PGRST000", "Too many queries wait. Try again later.");
      const url = input instanceof Request ? input.url : String(input);
      const call = { url, body: typeof init?.body === "string" ? init.body : "" };
      waiting++;
      const result = last.then(() => answer(call));
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
