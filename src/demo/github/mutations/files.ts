import type { ChangedFile, FileStatus } from "../state.ts";
import { shaOf } from "../world.ts";

export interface FileOptions {
  filename: string;
  status?: FileStatus;
  additions?: number;
  deletions?: number;
  /** Made up when left out; null for a binary. */
  patch?: string | null;
  previousFilename?: string;
}

export function toChangedFile(options: FileOptions): ChangedFile {
  const { filename, previousFilename = null } = options;
  const status = options.status ?? (previousFilename === null ? "modified" : "renamed");
  const additions = options.additions ?? (status === "removed" ? 0 : 1);
  const deletions = options.deletions ?? (status === "added" ? 0 : 1);
  const patch = options.patch === undefined ? madeUpPatch(filename, additions, deletions) : options.patch;
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

/** At most a few lines, however long the file says it is. */
function madeUpPatch(filename: string, additions: number, deletions: number): string | null {
  if (additions + deletions === 0) return null;
  const lines = [
    `@@ -1,${deletions} +1,${additions} @@`,
    ...Array.from({ length: Math.min(deletions, 3) }, (_, line) => `-old line ${line + 1} of ${filename}`),
    ...Array.from({ length: Math.min(additions, 3) }, (_, line) => `+new line ${line + 1} of ${filename}`),
  ];
  return lines.join("\n");
}
