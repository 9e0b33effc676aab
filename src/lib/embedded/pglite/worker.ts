/** Runs a PGlite and serves connections to it. `start-worker.ts` starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { SetupError } from "../../../setup-error.ts";
import { collectGarbage } from "../../collect-garbage.ts";
import { limitMemory } from "./limit-memory.ts";
import type { Place, WorkerMessage, WorkerRequest } from "./messages.ts";
import { openDatabase } from "./open-database.ts";
import { createPreparedStatements } from "./prepared-statements.ts";
import { concat, toStartup } from "./protocol.ts";
import { serveConnection } from "./serve-connection.ts";
import { createSession } from "./session.ts";

if (!parentPort) throw new Error("This is a worker.");
const parent = parentPort;
const post = (message: WorkerMessage, transferred: ArrayBuffer[] = []) =>
  parent.postMessage(message, transferred);

process.on("unhandledRejection", (error) => {
  post({ kind: "broken", reason: error instanceof Error ? error.message : String(error) });
  process.exit(1); // only this thread
});

try {
  await serve(workerData as Place);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  post({ kind: "refused", message, isSetup: error instanceof SetupError });
}

async function serve(place: Place): Promise<void> {
  if ("dataDir" in place && place.maxMemoryBytes !== undefined) limitMemory(place.maxMemoryBytes);
  const pglite = await openDatabase(place);
  const session = createSession(pglite);
  const statements = createPreparedStatements(session);
  const greeting = concat(await greet(pglite));
  parent.on("message", (request: WorkerRequest) => {
    if (request.kind === "connection")
      serveConnection(request.port, { session, statements, greeting }, request.guest);
    else if (request.kind === "dump") void dump();
    else void close();
  });
  collectGarbage();
  post({ kind: "ready" });

  /** The caller holds the session, so nothing changes meanwhile. */
  async function dump(): Promise<void> {
    const snapshot = await pglite.dumpDataDir("none");
    const bytes = new Uint8Array(await snapshot.arrayBuffer());
    post({ kind: "dump", snapshot: bytes }, [bytes.buffer]);
  }

  async function close(): Promise<void> {
    await session.take();
    await pglite.close();
    process.exit(); // only this thread
  }
}

async function greet(pglite: Awaited<ReturnType<typeof openDatabase>>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  await pglite.execProtocolRawStream(toStartup({ user: "postgres", database: "postgres" }), {
    onRawData: (bytes) => void parts.push(bytes.slice()),
  });
  return parts;
}
