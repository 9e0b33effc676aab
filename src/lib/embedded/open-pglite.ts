import { PGlite, types, type Transaction } from "@electric-sql/pglite";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../setup-error.ts";
import { lockFolder } from "./lock-folder.ts";
import { createDiskCopy, createMemoryCopy } from "./database-copy.ts";
import type { CopiedDatabase, SqlDatabase, SqlQueries } from "./sql-database.ts";

const inMemory = "memory://";
/** The version of PGlite's Postgres, as its data folders' PG_VERSION names it. */
export const postgresVersion = "18";

const vacuumEveryMs = 60 * 60 * 1000;

/**
 * Opens a Postgres in this process with its files under `folder`, or in memory for `memory://`. Throws when another process uses
 * the folder. Committed transactions survive `kill -9`. A database in memory can be loaded from a `snapshot` that PGlite's
 * `dumpDataDir` made.
 */
export async function openPglite(folder: string, snapshot?: Blob): Promise<SqlDatabase> {
  if (folder === inMemory) {
    const pglite = await start(folder, snapshot);
    const db = toSqlDatabase(pglite, "memory");
    return { ...db, createCopy: () => createMemoryCopy(db, () => pglite.dumpDataDir("none")) };
  }
  const unlock = lockOrExplain(folder);
  if (unlock === null) {
    throw new SetupError(
      `The data folder ${folder} is in use by another process. Stop that process first, use its HTTP API, or set DATA_DIR to another folder.`,
    );
  }
  try {
    const place = await prepare(folder);
    const copyFolder = join(folder, "postgres.copy");
    await rm(copyFolder, { recursive: true, force: true }); // of a process that was killed
    const db = toSqlDatabase(await open(place), folder, unlock);
    return { ...db, createCopy: () => createDiskCopy(db, place, copyFolder) };
  } catch (error) {
    unlock();
    throw explainPglite(error, folder);
  }
}

/** Opens a copy that `createCopy` made. */
export async function openCopy({ dataDir, snapshot }: CopiedDatabase): Promise<SqlDatabase> {
  return toSqlDatabase(await start(dataDir, snapshot), "a copy");
}

/** Returns a `SetupError` when the disk is full, and any other error unchanged. */
export function explainPglite(error: unknown, folder: string): unknown {
  return isFull(error) ? toFullError(folder) : error;
}

/** Locks the folder. Returns null while another process uses it, and throws a `SetupError` when it cannot be used. */
function lockOrExplain(folder: string): (() => void) | null {
  if (existsSync(join(folder, "PG_VERSION")))
    throw new SetupError(
      `The folder ${folder} is itself a database: set DATA_DIR to the folder that contains it.`,
    );
  try {
    // Checked here: locking an existing file needs no write access, and PGlite reports a read-only folder like a damaged one.
    for (const each of [folder, join(folder, "postgres")])
      if (existsSync(each)) accessSync(each, constants.W_OK);
    return lockFolder(folder);
  } catch (error) {
    if (isFull(error)) throw toFullError(folder);
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `The data folder ${folder} cannot be used (${reason}): set DATA_DIR to a folder that this process can write to.`,
    );
  }
}

/** Opens an existing database. Checks `PG_VERSION` first, because PGlite creates a new database when the file is missing. */
async function open(place: string): Promise<PGlite> {
  const remedy = "Restore the folder from a backup, or move it away to start with an empty database.";
  const version = await readFile(join(place, "PG_VERSION"), "utf8").catch(() => null);
  if (version === null)
    throw new SetupError(`The folder ${place} holds files but no database: it has no PG_VERSION. ${remedy}`);
  try {
    const pglite = await start(place);
    await pglite.query("select count(*) from pg_class"); // damage can show only at the first read
    return pglite;
  } catch (error) {
    if (isFull(error)) throw error;
    throw new SetupError(
      version.trim() === postgresVersion
        ? `The database in ${place} cannot be opened: it is damaged. ${remedy}`
        : `The database in ${place} is of Postgres ${version.trim()}, but this version of PGlite reads only Postgres ${postgresVersion}. Open it with the release of pr-capture that created it, or move it away to start with an empty database.`,
    );
  }
}

/**
 * Emscripten's number for ENOSPC. Its errors are not `Error` objects:
 * https://github.com/emscripten-core/emscripten/blob/main/system/lib/libc/musl/arch/emscripten/bits/errno.h
 */
const emscriptenFull = 51;

function isFull(error: unknown): boolean {
  if (error instanceof Error)
    return /ENOSPC|no space left|disk is full/i.test(error.message) || isFull(error.cause);
  return typeof error === "object" && error !== null && "errno" in error && error.errno === emscriptenFull;
}

function toFullError(folder: string): SetupError {
  return new SetupError(
    `The disk of the data folder ${folder} is full: free some space, or choose another folder with DATA_DIR.`,
  );
}

/** Returns the database's folder. A new database is built beside it and then moved, so an interrupted start leaves no broken one. */
async function prepare(folder: string): Promise<string> {
  const place = join(folder, "postgres");
  if (existsSync(place) && !(statSync(place).isDirectory() && readdirSync(place).length === 0)) return place;
  const unfinished = `${place}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await (await start(unfinished)).close();
  await rename(unfinished, place);
  return place;
}

function start(dataDir: string, snapshot?: Blob): Promise<PGlite> {
  return PGlite.create({
    dataDir,
    parsers: { [types.INT8]: Number },
    ...(snapshot && { loadDataDir: snapshot }),
  });
}

/** Wraps PGlite. `unlock` is called after it is closed. */
function toSqlDatabase(pglite: PGlite, description: string, unlock = () => {}): SqlDatabase {
  const locks = new Set<string>();
  // PGlite has no autovacuum, so dead rows and stale statistics would pile up.
  const vacuum = setInterval(() => void pglite.exec("vacuum analyze").catch(() => {}), vacuumEveryMs);
  vacuum.unref();
  return {
    ...toSqlQueries(pglite),
    transaction: (work) => pglite.transaction((tx) => work(toSqlQueries(tx))),
    tryLock: async (name) => {
      if (locks.has(name)) return null; // the folder is locked, so only this process can take locks
      locks.add(name);
      return { release: async () => void locks.delete(name) };
    },
    description: `PGlite (${description})`,
    close: async () => {
      clearInterval(vacuum);
      await pglite.close();
      unlock();
    },
  };
}

function toSqlQueries(connection: PGlite | Transaction): SqlQueries {
  return {
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await connection.query<Row>(sql, [...params])).rows,
    exec: async (sql) => void (await connection.exec(sql)),
  };
}
