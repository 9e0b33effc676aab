import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a folder for this process alone and returns how to give it back; null while another process has it.
 *
 * SQLite's file lock does the work: the kernel drops it with the process, `kill -9` included, so there is never
 * a stale lock to judge; it holds across containers that share the volume, and between two openings in one process.
 */
export function lockFolder(folder: string): (() => void) | null {
  mkdirSync(folder, { recursive: true });
  const lock = new DatabaseSync(join(folder, "lock"));
  try {
    lock.exec("begin exclusive");
  } catch (error) {
    lock.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
  return () => lock.close();
}

const SQLITE_BUSY = 5;
