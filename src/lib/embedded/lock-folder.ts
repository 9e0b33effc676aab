import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Locks a folder for this process, creating it if missing. Returns a function that unlocks it, or null while another process
 * holds the lock.
 *
 * It uses SQLite's file lock. The kernel releases the lock when the process ends, even after `kill -9`, so a lock is never stale.
 * It works across containers that share the volume, and between two calls in one process.
 */
export function lockFolder(folder: string): (() => void) | null {
  ensureFolder(folder);
  const lock = new DatabaseSync(join(folder, "lock"));
  try {
    lock.exec("begin exclusive");
  } catch (error) {
    lock.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) return null;
    throw error;
  }
  return () => lock.close();
}

const sqliteBusy = 5;

/** Creates a folder and its parents. A recursive `mkdirSync` never returns for a folder under /proc, which refuses it with ENOENT. */
function ensureFolder(folder: string): void {
  if (existsSync(folder)) return;
  ensureFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another process has created it
  }
}
