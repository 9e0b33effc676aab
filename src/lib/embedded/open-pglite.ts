import { accessSync, constants, existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../setup-error.ts";
import { createDiskCopy, createMemoryCopy } from "./database-copy.ts";
import { lockFolder } from "./lock-folder.ts";
import { createDatabase } from "./pglite/create-database.ts";
import { hasDatabase, toDatabaseFolder } from "./pglite/database-folder.ts";
import { isDiskFull, toFullDiskError } from "./pglite/full-disk.ts";
import { startHousekeeping } from "./pglite/housekeeping.ts";
import type { GuestLimits } from "./pglite/messages.ts";
import { openSocket } from "./pglite/open-socket.ts";
import { openWorkerPool } from "./pglite/open-worker-pool.ts";
import { startWorker, type PgliteWorker } from "./pglite/start-worker.ts";
import type { SqlDatabase } from "./sql-database.ts";

const inMemory = "memory://";
const defaultGuestLimits: GuestLimits = { maxHoldMs: 5_000, maxAnswerBytes: 64 * 1024 * 1024 };

export interface PgliteOptions {
  /** A file with the content of a new database in memory, as PGlite's `dumpDataDir` makes it. */
  snapshot?: string | undefined;
  guestLimits?: GuestLimits;
  /** Called with what goes wrong after the start. */
  warn?: ((sentence: string) => void) | undefined;
}

/**
 * Opens a Postgres in a worker with its files under `folder`, or in memory for `memory://`. Throws when another process uses the folder.
 * Committed transactions survive `kill -9`. Other clients can connect to the socket in `folder`.
 */
export async function openPglite(
  folder: string,
  { snapshot, guestLimits = defaultGuestLimits, warn = () => {} }: PgliteOptions = {},
): Promise<SqlDatabase> {
  if (folder === inMemory) {
    const worker = await startWorker({ dataDir: inMemory, ...(snapshot && { snapshot }) }, warn);
    const db = toSqlDatabase(worker, "memory");
    return { ...db, createCopy: () => createMemoryCopy(db, () => worker.dump()) };
  }
  const unlock = lockOrExplain(folder);
  try {
    const copyFolder = join(folder, "postgres.copy");
    await rm(copyFolder, { recursive: true, force: true }); // of a process that was killed
    if (!hasDatabase(folder)) await createDatabase(folder);
    const worker = await startWorker({ folder }, warn);
    const closeSocket = await openSocket(join(folder, "socket"), worker, guestLimits).catch(
      (error: Error) => {
        warn(`Clients such as psql cannot connect to the embedded database: ${error.message}`);
      },
    );
    const db = toSqlDatabase(worker, folder);
    return {
      ...db,
      createCopy: () => createDiskCopy(db, toDatabaseFolder(folder), copyFolder),
      close: async () => {
        closeSocket?.();
        await db.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Locks the folder. Throws a `SetupError` when it cannot be used, or another process uses it. */
function lockOrExplain(folder: string): () => void {
  if (existsSync(join(folder, "PG_VERSION")))
    throw new SetupError(
      `The folder ${folder} is itself a database: set DATA_DIR to the folder that contains it.`,
    );
  const unlock = tryToLock(folder);
  if (unlock === null)
    throw new SetupError(
      `The data folder ${folder} is in use by another process. Stop that process first, use its HTTP API, or set DATA_DIR to another folder.`,
    );
  return unlock;
}

function tryToLock(folder: string): (() => void) | null {
  try {
    // Checked here: locking an existing file needs no write access, and PGlite reports a read-only folder like a damaged one.
    for (const each of [folder, toDatabaseFolder(folder)])
      if (existsSync(each)) accessSync(each, constants.W_OK);
    return lockFolder(folder);
  } catch (error) {
    if (isDiskFull(error)) throw toFullDiskError(folder);
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `The data folder ${folder} cannot be used (${reason}): set DATA_DIR to a folder that this process can write to.`,
    );
  }
}

function toSqlDatabase(worker: PgliteWorker, description: string): SqlDatabase {
  const pool = openWorkerPool(worker);
  const locks = new Set<string>();
  const stopHousekeeping = startHousekeeping(pool);
  return {
    ...pool,
    tryLock: async (name) => {
      if (locks.has(name)) return null; // only this process has the database open, so only it can take locks
      locks.add(name);
      return { release: async () => void locks.delete(name) };
    },
    description: `PGlite (${description})`,
    close: async () => {
      stopHousekeeping();
      await pool.end();
      await worker.close();
    },
  };
}
