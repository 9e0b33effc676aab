import { createHash, randomUUID } from "node:crypto";
import type { EngineFunction } from "./functions.ts";
import type { NewRun } from "./queue.ts";

export interface EngineEvent {
  id: string;
  name: string;
  data: unknown;
  /** Milliseconds since 1970. */
  ts: number;
}

/** Inngest's limit for `priority.run`, in both directions. */
const maxPrioritySeconds = 600;

/** Creates a run for each function that the event triggers. */
export function toRuns(event: EngineEvent, functions: Iterable<EngineFunction>, now: number): NewRun[] {
  return [...functions]
    .filter((fn) => fn.triggers.some((trigger) => matches(event, trigger)))
    .map((fn) => toRun(event, fn, now));
}

function matches(event: EngineEvent, trigger: EngineFunction["triggers"][number]): boolean {
  return trigger.event === event.name && (!trigger.expression || trigger.expression.evaluate(event) === true);
}

function toRun(event: EngineEvent, fn: EngineFunction, now: number): NewRun {
  const { id, concurrency, priority, throttle } = fn;
  const wantedSeconds = priority?.run?.evaluate(event) || 0;
  const prioritySeconds = Math.max(-maxPrioritySeconds, Math.min(maxPrioritySeconds, wantedSeconds));
  return {
    eventId: event.id,
    runId: randomUUID(),
    functionId: id,
    event,
    slots: concurrency.map(({ limit, scope, key }) => {
      const value = key?.evaluate(event) ?? ""; // runs without a value share one slot
      return `${limit} ${toIndexable(scope === "fn" ? `fn ${id} ${key?.source} ${value}` : `${scope} ${value}`)}`;
    }),
    rank: Math.round(now - prioritySeconds * 1000),
    throttle: throttle
      ? {
          key: toIndexable(`${id} ${throttle.key?.evaluate(event) ?? ""}`),
          gapMs: throttle.period / throttle.limit,
          burst: throttle.limit + throttle.burst, // Inngest adds the two
        }
      : null,
  };
}

/** Hashes a long or unusual key, because Postgres rejects NUL in a text and long texts in an index. */
function toIndexable(key: string): string {
  return /^[ -~]{1,200}$/.test(key) ? key : createHash("sha256").update(key).digest("hex");
}
