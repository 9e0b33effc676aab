import { pino } from "pino";
import type { Logger } from "../../src/logger.ts";

/** A logger that keeps its lines of that level and above, as objects. */
export function keepLog(level: "info" | "warn" = "warn"): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: pino({ level, base: null, timestamp: false }, { write }), lines };
}
