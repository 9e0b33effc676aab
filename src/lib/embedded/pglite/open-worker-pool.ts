import { openPool, type ConnectionPool } from "../open-pool.ts";
import { PortStream } from "./port-stream.ts";
import type { PgliteWorker } from "./start-worker.ts";

/** The worker has one session. More connections than that let the next query reach it before it has sent an answer. */
const maxConnections = 8;

/** Creates a connection pool that does not keep the process running while it is idle. */
export function openWorkerPool(worker: PgliteWorker): ConnectionPool {
  return openPool({
    stream: () => new PortStream(worker.connect(null)),
    user: "postgres",
    ssl: false,
    max: maxConnections,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
  });
}
