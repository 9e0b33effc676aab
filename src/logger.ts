import { pino, type Logger } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

export type { Logger } from "pino";

/** JSON lines, or readable ones on a terminal. Of an error it shows name, message and stack: whatever else hangs on it may hold a payload or a token. */
export function createLogger(level: Config["logLevel"]): Logger {
  const options = { level, base: null, serializers: { err: toLoggedError } };
  return process.stdout.isTTY ? pino(options, pretty({ sync: true })) : pino(options);
}

function toLoggedError(error: Error) {
  return { type: error.name, message: error.message, stack: error.stack };
}
