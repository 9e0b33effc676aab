/** Copies of a PGlite database. A transaction holds its only session, so within one nothing changes. */
import { rm } from "node:fs/promises";
import { createFolderCopy } from "./copy-folder.ts";
import type { DatabaseCopy, SqlPool, SqlQueries } from "./sql-database.ts";

/** The memory limit of a copy. PGlite begins with an eighth of it. */
const maxMemoryBytes = 1024 * 1024 * 1024;

/** Returns the position in the log of changes, which every change moves. */
async function positionOf(connection: SqlQueries): Promise<string> {
  const [row] = await connection.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  return row?.lsn ?? "";
}

/** `dump` returns the files of a database in memory. */
export function createMemoryCopy(db: SqlPool, dump: () => Promise<Uint8Array<ArrayBuffer>>): DatabaseCopy {
  let position: string | null = null;
  return {
    isCurrent: async () => (await positionOf(db)) === position,
    refresh: () =>
      db.transaction(async (tx) => {
        const snapshot = await dump();
        position = await positionOf(tx);
        return { dataDir: "memory://", snapshot, maxMemoryBytes };
      }),
    remove: async () => {},
  };
}

/**
 * Copies the folder of a database to `target`. The database waits only for the second pass, which copies what changed during the first one. A
 * checkpoint leaves the copy little to recover.
 */
export function createDiskCopy(db: SqlPool, source: string, target: string): DatabaseCopy {
  const copy = createFolderCopy(source, target);
  let position: string | null = null;
  return {
    isCurrent: async () => (await positionOf(db)) === position,
    refresh: async () => {
      await copy((path) => path !== lockFile && !path.startsWith("pg_wal/"));
      await db.transaction(async (tx) => {
        await tx.exec("checkpoint");
        const [log] = await tx.query<{ first: string; last: string }>(
          "select redo_wal_file as first, pg_walfile_name(pg_current_wal_insert_lsn()) as last from pg_control_checkpoint()",
        );
        const { first = "", last = "" } = log ?? {};
        await copy((path) => {
          const [, segment] = /^pg_wal\/([0-9A-F]{24})$/.exec(path) ?? [];
          return path !== lockFile && (segment === undefined || (segment >= first && segment <= last));
        });
        position = await positionOf(tx);
      });
      return { dataDir: target, maxMemoryBytes };
    },
    remove: () => rm(target, { recursive: true, force: true }),
  };
}

/** The file that marks a folder as in use. */
const lockFile = "postmaster.pid";
