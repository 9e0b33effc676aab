import type { ChangedFile, FileStatus } from "../state.ts";
import { shaOf } from "../world.ts";

export interface FileOptions {
  filename: string;
  status?: FileStatus;
  additions?: number;
  deletions?: number;
  /** Generated when left out. Null for a binary file. */
  patch?: string | null;
  previousFilename?: string;
}

export function toChangedFile(options: FileOptions): ChangedFile {
  const { filename, previousFilename = null } = options;
  const status = options.status ?? (previousFilename === null ? "modified" : "renamed");
  const additions = options.additions ?? (status === "removed" ? 0 : 1);
  const deletions = options.deletions ?? (status === "added" ? 0 : 1);
  const patch = options.patch === undefined ? generatePatch(filename, additions, deletions) : options.patch;
  return {
    filename,
    status,
    additions,
    deletions,
    patch,
    previousFilename,
    sha: shaOf(`${filename}\n${patch}`),
  };
}

/** Generates a short patch, whatever the size of the change. */
function generatePatch(filename: string, additions: number, deletions: number): string | null {
  if (additions + deletions === 0) return null;
  const lines = [
    `@@ -1,${deletions} +1,${additions} @@`,
    ...Array.from({ length: Math.min(deletions, 3) }, (_, line) => `-old line ${line + 1} of ${filename}`),
    ...Array.from({ length: Math.min(additions, 3) }, (_, line) => `+new line ${line + 1} of ${filename}`),
  ];
  return lines.join("\n");
}
