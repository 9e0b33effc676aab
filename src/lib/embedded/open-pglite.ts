import { PGlite, types, type Transaction } from "@electric-sql/pglite";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { lockFolder } from "./lock-folder.ts";
import type { SqlDatabase, SqlQueries } from "./sql-database.ts";

const IN_MEMORY = "memory://";
const VACUUM_EVERY_MS = 60 * 60 * 1000;

/**
 * Postgres in this process, its files under `folder`, or `memory://` for one that vanishes with the process.
 * Throws when another process uses the folder. What a transaction committed survives `kill -9`. One in memory may begin with a
 * snapshot, as `dumpDataDir` of PGlite makes it.
 */
export async function openPglite(folder: string, snapshot?: Blob): Promise<SqlDatabase> {
  if (folder === IN_MEMORY) return toSqlDatabase(await start(folder, snapshot), "memory", () => {});
  const unlock = lockFolder(folder);
  if (unlock === null) {
    throw new Error(
      `The data folder ${folder} is in use by another process. Stop that one first, talk to it over HTTP, or choose another folder with DATA_DIR.`,
    );
  }
  try {
    return toSqlDatabase(await start(await prepare(folder)), folder, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Builds a new database beside its final place, so that a start cut short leaves none half made. */
async function prepare(folder: string): Promise<string> {
  const place = join(folder, "postgres");
  if (existsSync(place)) return place;
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

function toSqlDatabase(pglite: PGlite, description: string, unlock: () => void): SqlDatabase {
  const locks = new Set<string>();
  // There is no autovacuum in a single process, and without it dead rows and stale statistics pile up.
  const vacuum = setInterval(() => void pglite.exec("vacuum analyze").catch(() => {}), VACUUM_EVERY_MS);
  vacuum.unref();
  return {
    ...toSqlQueries(pglite),
    transaction: (work) => pglite.transaction((tx) => work(toSqlQueries(tx))),
    tryLock: async (name) => {
      if (locks.has(name)) return null; // the folder is this process's own, so nobody else can ask
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
