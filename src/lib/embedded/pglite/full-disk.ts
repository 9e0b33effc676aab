import { SetupError } from "../../../setup-error.ts";

/**
 * Emscripten's number for ENOSPC. Its errors are not `Error` objects:
 * https://github.com/emscripten-core/emscripten/blob/main/system/lib/libc/musl/arch/emscripten/bits/errno.h
 */
const emscriptenFull = 51;

/** Returns a `SetupError` when the disk is full, and any other error unchanged. */
export function explainFullDisk(error: unknown, folder: string): unknown {
  return isDiskFull(error) ? toFullDiskError(folder) : error;
}

export function isDiskFull(error: unknown): boolean {
  if (error instanceof Error)
    return /ENOSPC|no space left|disk is full/i.test(error.message) || isDiskFull(error.cause);
  return typeof error === "object" && error !== null && "errno" in error && error.errno === emscriptenFull;
}

export function toFullDiskError(folder: string): SetupError {
  return new SetupError(
    `The disk of the data folder ${folder} is full: free some space, or choose another folder with DATA_DIR.`,
  );
}
