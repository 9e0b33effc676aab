import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The database's folder in a DATA_DIR. */
export function toDatabaseFolder(folder: string): string {
  return join(folder, "postgres");
}

/** False if there is nothing yet, or an empty folder. Whatever else is there is opened, and never replaced. */
export function hasDatabase(folder: string): boolean {
  const dataDir = toDatabaseFolder(folder);
  return existsSync(dataDir) && !(statSync(dataDir).isDirectory() && readdirSync(dataDir).length === 0);
}
