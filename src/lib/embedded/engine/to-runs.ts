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

/** Inngest's bounds for a head start. */
const MAX_HEAD_START_S = 600;

/** A run of every function that the event triggers. */
export function toRuns(event: EngineEvent, functions: Iterable<EngineFunction>, now: number): NewRun[] {
  return [...functions]
    .filter((fn) => fn.triggers.some((trigger) => matches(event, trigger)))
    .map((fn) => toRun(event, fn, now));
}

function matches(event: EngineEvent, trigger: EngineFunction["triggers"][number]): boolean {
  return trigger.event === event.name && (!trigger.expression || trigger.expression.of(event) === true);
}

export function toRun(event: EngineEvent, fn: EngineFunction, now: number): NewRun {
  const { id, concurrency, priority, throttle } = fn;
  const headStart = priority?.run?.of(event) || 0; // none where it cannot be evaluated
  return {
    eventId: event.id,
    runId: randomUUID(),
    functionId: id,
    event,
    slots: concurrency.map(({ limit, scope, key }) => {
      const value = key?.of(event) ?? ""; // what has no value shares one
      return `${limit} ${toIndexable(scope === "fn" ? `fn ${id} ${key?.source} ${value}` : `${scope} ${value}`)}`;
    }),
    rank: Math.round(now - Math.max(-MAX_HEAD_START_S, Math.min(MAX_HEAD_START_S, headStart)) * 1000),
    throttle: throttle
      ? {
          key: toIndexable(`${id} ${throttle.key?.of(event) ?? ""}`),
          gapMs: throttle.period / throttle.limit,
          burst: throttle.limit + throttle.burst, // as Inngest counts
        }
      : null,
  };
}

/** As it is where it is short and plain: Postgres keeps no NUL in a text and no long one in an index. */
function toIndexable(key: string): string {
  return /^[ -~]{1,200}$/.test(key) ? key : createHash("sha256").update(key).digest("hex");
}
