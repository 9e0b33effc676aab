import { PGlite } from "@electric-sql/pglite";
import { openAsBlob } from "node:fs";
import { readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../../setup-error.ts";
import { toDatabaseFolder } from "./database-folder.ts";
import { explainFullDisk, isDiskFull } from "./full-disk.ts";
import type { Place } from "./messages.ts";

/** The version of PGlite's Postgres, as its data folders' PG_VERSION names it. */
export const postgresVersion = "18";

const settings = {
  shared_buffers: "16MB", // the default of 128 MB would stay in memory
  // The write-ahead log, which `housekeeping.ts` limits. Writing 16 MB of zeros for each new file of it would hold up all statements.
  min_wal_size: "32MB",
  max_wal_size: "64MB",
  wal_init_zero: "off",
};

const startParams = [
  ...PGlite.defaultStartParams,
  ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
];

export async function openDatabase(place: Place): Promise<PGlite> {
  if ("dataDir" in place) return start(place.dataDir, await toBlob(place.snapshot));
  try {
    return await openFolder(toDatabaseFolder(place.folder));
  } catch (error) {
    throw explainFullDisk(error, place.folder);
  }
}

/** Opens a data folder of PGlite. Creates it if it is missing. */
export function start(dataDir: string, snapshot?: Blob): Promise<PGlite> {
  return PGlite.create({ dataDir, startParams, ...(snapshot && { loadDataDir: snapshot }) });
}

async function toBlob(snapshot: string | Uint8Array<ArrayBuffer> | undefined): Promise<Blob | undefined> {
  if (snapshot === undefined) return undefined;
  return typeof snapshot === "string" ? openAsBlob(snapshot) : new Blob([snapshot]);
}

/** Opens an existing database. Checks `PG_VERSION` first, because PGlite creates a new database when the file is missing. */
async function openFolder(dataDir: string): Promise<PGlite> {
  const remedy = "Restore the folder from a backup, or move it away to start with an empty database.";
  const version = await readFile(join(dataDir, "PG_VERSION"), "utf8").catch(() => null);
  if (version === null)
    throw new SetupError(
      `The folder ${dataDir} holds files but no database: it has no PG_VERSION. ${remedy}`,
    );
  const lockFile = join(dataDir, "postmaster.pid");
  try {
    if ((await stat(lockFile).catch(() => null))?.size === 0) await rm(lockFile); // of a process that was killed
    const pglite = await start(dataDir);
    await pglite.query("select count(*) from pg_class"); // damage can show only at the first read
    // Every PGlite has the same process id, so it takes the lock of another one. It refuses an empty lock file.
    await truncate(lockFile);
    return pglite;
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new SetupError(
      version.trim() === postgresVersion
        ? `The database in ${dataDir} cannot be opened: it is damaged. ${remedy}`
        : `The database in ${dataDir} is of Postgres ${version.trim()}, but this version of PGlite reads only Postgres ${postgresVersion}. Open it with the release of pr-capture that created it, or move it away to start with an empty database.`,
    );
  }
}
