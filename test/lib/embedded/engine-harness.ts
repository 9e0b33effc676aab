import { Inngest, type InngestFunction } from "inngest";
import {
  createInngestEngine,
  type EngineOptions,
  type InngestEngine,
} from "../../../src/lib/embedded/inngest-engine.ts";
import { serveInProcess } from "../../../src/lib/embedded/serve-in-process.ts";

export interface Started {
  engine: InngestEngine;
  inngest: Inngest;
}

/** Starts an engine that calls these functions through the SDK. Retries do not wait. */
export async function startEngine(
  options: EngineOptions,
  createFunctions: (inngest: Inngest) => InngestFunction.Any[],
): Promise<Started> {
  const engine = createInngestEngine({ backoff: () => 0, ...options });
  const inngest = createInngest(engine);
  await engine.start(serveInProcess({ client: inngest, functions: createFunctions(inngest) }));
  return { engine, inngest };
}

export function createInngest(engine: InngestEngine): Inngest {
  const logger = { info() {}, warn() {}, error() {}, debug() {} };
  return new Inngest({
    id: "test",
    ...engine.clientOptions,
    logger,
  });
}

/** A clock that only the test moves. */
export function createClock(start = "2030-01-01T00:00:00Z") {
  let time = Date.parse(start);
  return {
    now: () => time,
    advance: (seconds: number) => (time += seconds * 1000),
  };
}

/** A gate that runs pass. `passed(n)` resolves once it has been passed `n` times. */
export function createGate() {
  const opened = Promise.withResolvers<void>();
  const waiters: { count: number; resolve: () => void }[] = [];
  let count = 0;
  return {
    open: opened.resolve,
    /** Counts the caller, and waits until the gate is open. */
    pass: async () => {
      count++;
      for (const waiter of waiters) if (waiter.count <= count) waiter.resolve();
      await opened.promise;
    },
    count: () => count,
    passed: (times: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (count >= times) resolve();
      else waiters.push({ count: times, resolve });
      return promise;
    },
  };
}
