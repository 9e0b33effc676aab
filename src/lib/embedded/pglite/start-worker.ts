import { once } from "node:events";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { SetupError } from "../../../setup-error.ts";
import type { GuestLimits, Place, WorkerMessage, WorkerRequest } from "./messages.ts";

export interface PgliteWorker {
  /** Opens a connection, which speaks Postgres's protocol. The port closes when the connection ends, or cannot be opened. */
  connect(guest: GuestLimits | null): MessagePort;
  /** Returns the files of a database in memory. The caller holds the session. */
  dump(): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the worker at once, like `kill -9`: a folder keeps its committed transactions. */
  kill(reason: string): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
}

interface RunningWorker {
  worker: Worker;
  /** Resolves with the reason when the worker can no longer be used. */
  broken: Promise<string>;
  ended: Promise<void>;
}

/**
 * Starts a worker with a PGlite. When the worker breaks or is killed, all connections end. The next connection starts another worker, if the
 * database is in a folder. `warn` gets the reason.
 */
export async function startWorker(place: Place, warn: (sentence: string) => void): Promise<PgliteWorker> {
  let current: RunningWorker | null = null;
  let starting: Promise<RunningWorker> | null = null;
  let lastEnded = Promise.resolve();
  let isClosing = false;

  async function start(): Promise<RunningWorker> {
    await lastEnded;
    const running = await run(place);
    current = running;
    lastEnded = running.ended;
    void running.broken.then((reason) => setBroken(running, reason));
    return running;
  }

  async function restart(): Promise<RunningWorker> {
    try {
      return await start();
    } catch (error) {
      warn(
        `The embedded database cannot be started: ${error instanceof Error ? error.message : String(error)}`,
      );
      throw error;
    } finally {
      starting = null;
    }
  }

  function setBroken(running: RunningWorker, reason: string): void {
    if (current !== running) return;
    current = null;
    if (!isClosing) warn(`The embedded database has ended: ${reason}.`);
  }

  async function getRunning(): Promise<RunningWorker> {
    if (current) return current;
    if (isClosing || !("folder" in place)) throw new Error("The embedded database has ended.");
    return (starting ??= restart());
  }

  await start();
  return {
    connect: (guest) => {
      const { port1, port2 } = new MessageChannel();
      getRunning()
        .then(({ worker }) => send(worker, { kind: "connection", port: port2, guest }, [port2]))
        .catch(() => port2.close());
      return port1;
    },
    dump: async () => {
      const running = await getRunning();
      const dumped = nextMessage(running);
      send(running.worker, { kind: "dump" });
      const message = await dumped;
      if (message.kind !== "dump") throw new Error("The embedded database could not be dumped.");
      return message.snapshot;
    },
    kill: async (reason) => {
      if (!current) return;
      const { worker } = current;
      setBroken(current, reason);
      await worker.terminate();
    },
    close: async () => {
      isClosing = true;
      await starting?.catch(() => {});
      if (!current) return;
      const { worker, ended } = current;
      worker.ref();
      send(worker, { kind: "close" });
      await ended;
    },
  };
}

/** Resolves once the database is open. */
async function run(place: Place): Promise<RunningWorker> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: place });
  const { promise: broken, resolve: setBroken } = Promise.withResolvers<string>();
  const { promise: ended, resolve: setEnded } = Promise.withResolvers<void>();
  worker.on("message", (message: WorkerMessage) => message.kind === "broken" && setBroken(message.reason));
  worker.on("error", (error) => setBroken(error.message));
  worker.on("exit", () => {
    setBroken("its thread ended");
    setEnded();
  });
  const running = { worker, broken, ended };
  const message = await nextMessage(running);
  if (message.kind === "refused") {
    await worker.terminate();
    throw message.isSetup ? new SetupError(message.message) : new Error(message.message);
  }
  worker.unref();
  return running;
}

async function nextMessage({ worker, broken }: RunningWorker): Promise<WorkerMessage> {
  const received = once(worker, "message") as Promise<[WorkerMessage]>;
  const failed = broken.then((reason) => Promise.reject(new Error(reason)));
  const [message] = await Promise.race([received, failed]);
  return message;
}

function send(worker: Worker, request: WorkerRequest, transferred: MessagePort[] = []): void {
  worker.postMessage(request, transferred);
}
