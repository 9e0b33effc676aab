import { pino, type Logger } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

export type { Logger } from "pino";

/** Logs JSON lines, or readable lines on a terminal. Logs only the name, message and stack of an error: other fields may contain payloads or tokens. */
export function createLogger(level: Config["logLevel"]): Logger {
  const options = { level, base: null, serializers: { err: toLoggedError } };
  return process.stdout.isTTY ? pino(options, pretty({ sync: true })) : pino(options);
}

function toLoggedError(error: Error) {
  return { type: error.name, message: error.message, stack: error.stack };
}
