import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { MessagePort } from "node:worker_threads";
import type { GuestLimits } from "./messages.ts";
import { concat, toFatalError, toTerminate } from "./protocol.ts";
import type { PgliteWorker } from "./start-worker.ts";

/** How long its rollback may take. A statement that runs cannot be interrupted. */
const maxRollbackMs = 1_000;

/** Opens a Unix socket for clients such as `psql -h <folder>`, which only this user can connect to. Returns a function that closes it. */
export async function openSocket(
  folder: string,
  worker: PgliteWorker,
  limits: GuestLimits,
): Promise<() => void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const path = join(folder, ".s.PGSQL.5432"); // clients expect this name
  await rm(path, { force: true }); // of a process that was killed
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveGuest(socket, worker, limits);
  });
  server.unref();
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(path, resolve));
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

/** Passes bytes between a client and the worker. */
function serveGuest(socket: Socket, worker: PgliteWorker, limits: GuestLimits): void {
  const port = worker.connect(limits);
  let timer: NodeJS.Timeout | undefined;

  function endGuest(): void {
    const seconds = `${limits.maxHoldMs / 1000} s`;
    socket.write(
      toFatalError(
        "25P04",
        `terminating connection due to transaction timeout: a statement or transaction may last ${seconds}, because the server waits for it`,
      ),
    );
    socket.destroySoon();
    const kill = () => void worker.kill(`a statement of a client such as psql ran for more than ${seconds}`);
    timer = setTimeout(kill, maxRollbackMs);
  }

  port.on("message", (message: Uint8Array | boolean) => {
    if (typeof message !== "boolean") return void socket.write(message);
    clearTimeout(timer);
    if (message) timer = setTimeout(endGuest, limits.maxHoldMs);
  });
  port.on("close", () => {
    clearTimeout(timer);
    socket.destroySoon();
  });
  socket.on("data", (bytes) => post(port, bytes));
  socket.on("error", () => {}); // "close" follows
  socket.on("close", () => post(port, toTerminate()));
  socket.unref();
  port.unref();
}

function post(port: MessagePort, bytes: Uint8Array): void {
  const own = concat([bytes]);
  port.postMessage(own, [own.buffer]);
}
