import { randomUUID } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import type { SqlQueries } from "../../../src/lib/embedded/sql-database.ts";

/** The database of one storm, its own from the first table to the last. */
export interface StormDatabase {
  /** DATA_DIR, or DATABASE_URL. */
  environment: Record<string, string>;
  /** Reads what is committed. The server may run, but PGlite's should be idle. */
  read<Result>(work: (rows: SqlQueries) => Promise<Result>): Promise<Result>;
  /** Ends all connections and refuses new ones for so long. PGlite lives in the server's process, and restarts with it alone. */
  restart(downMs: number): Promise<void>;
  drop(): Promise<void>;
}

/** `prepared`: a DATA_DIR to begin with, where one is at hand. */
export async function createPgliteDatabase(prepared?: string): Promise<StormDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "pr-capture-storm-"));
  if (prepared) await cp(prepared, join(folder, "data"), { recursive: true });
  return {
    environment: { DATA_DIR: join(folder, "data") },
    restart: async () => {},
    async read(work) {
      // Of a copy, as the server has the folder to itself.
      const copy = await mkdtemp(join(tmpdir(), "pr-capture-storm-copy-"));
      await cp(join(folder, "data"), copy, { recursive: true });
      const rows = await openPglite(copy);
      try {
        return await work(rows);
      } finally {
        await rows.close();
        await rm(copy, { recursive: true });
      }
    },
    drop: () => rm(folder, { recursive: true }),
  };
}

/** On the server of that URL, beside the database that the URL names. */
export async function createPostgresDatabase(serverUrl: string): Promise<StormDatabase> {
  const admin = openPostgres(serverUrl);
  const name = `storm_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  return {
    environment: { DATABASE_URL: url.href },
    async restart(downMs) {
      await admin.exec(`alter database ${name} allow_connections false`);
      await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
      await pause(downMs);
      await admin.exec(`alter database ${name} allow_connections true`);
    },
    async read(work) {
      const rows = openPostgres(url.href);
      try {
        return await work(rows);
      } finally {
        await rows.close();
      }
    },
    async drop() {
      await admin.exec(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}
