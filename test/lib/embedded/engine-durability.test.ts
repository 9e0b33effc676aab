import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inngest, InngestFunction } from "inngest";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import type { SqlDatabase, SqlQueries } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../../support/database.ts";
import { createClock, createGate, startEngine } from "./engine-harness.ts";
import { createMarkingFunctions, EVENTS, MARKS } from "./marking-functions.ts";
import { patience } from "../../support/patience.ts";

/** Each test creates a database, which is slow on a busy machine. */
const SEVERAL_PROCESSES_MS = 180_000;

let db: SqlDatabase;

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
});

afterEach(() => resetDatabase(db));

afterAll(() => db.close());

const triggers = [{ event: "a/b" }];

test("the next engine resumes a run and remembers its completed steps", async () => {
  const executed: string[] = [];
  const never = createGate();
  const gate = createGate();
  const createFunctions = (reached: typeof gate) => (client: Inngest) => [
    client.createFunction({ id: "two-steps", triggers }, async ({ step }) => {
      const first = await step.run("first", () => (executed.push("first"), "remembered"));
      await step.run("second", async () => {
        await reached.pass();
        executed.push(`second ${first}`);
      });
    }),
  ];
  const before = await startEngine({ db }, createFunctions(never));
  await before.inngest.send({ name: "a/b" });
  await never.passed(1);
  await before.engine.stop({ timeoutMs: 0 });

  gate.open();
  const after = await startEngine({ db }, createFunctions(gate));
  await after.engine.idle();
  expect(executed).toEqual(["first", "second remembered"]);

  never.open(); // what the stopped engine still executes ends late, and changes nothing
  await vi.waitFor(() => expect(executed).toHaveLength(3), patience);
  await after.engine.idle();
  expect(await db.query("select * from embedded_inngest.steps")).toEqual([]);
  await after.engine.stop();
});

test("the next engine completes parallel steps without repeating completed ones", async () => {
  const executed: string[] = [];
  const stuck = createGate();
  const createFunctions = (isFirst: boolean) => (client: Inngest) => [
    client.createFunction({ id: "parallel", triggers }, async ({ step }) => {
      await Promise.all([
        step.run("done", () => executed.push("done")),
        step.run("stuck", async () => {
          if (isFirst) await stuck.pass();
          executed.push("stuck");
        }),
      ]);
      await step.run("end", () => executed.push("end"));
    }),
  ];
  const before = await startEngine({ db }, createFunctions(true));
  await before.inngest.send({ name: "a/b" });
  await stuck.passed(1);
  await before.engine.stop({ timeoutMs: 200 });
  const after = await startEngine({ db }, createFunctions(false));
  await after.engine.idle();
  expect(executed).toEqual(["done", "stuck", "end"]);
  await after.engine.stop();
});

test("runs that sleep, are queued or will be retried survive a restart", async () => {
  const clock = createClock();
  const log: string[] = [];
  const createFunctions = (client: Inngest) => [
    client.createFunction({ id: "sleeps", triggers }, async ({ step }) => {
      await step.sleep("a-while", "1h");
      await step.run("log", () => log.push("slept"));
    }),
    client.createFunction({ id: "fails", triggers }, ({ attempt }) => {
      log.push(`attempt ${attempt}`);
      if (attempt === 0) throw new Error("once");
    }),
  ];
  const options = { db, now: clock.now, backoff: () => 60_000 };
  const before = await startEngine(options, createFunctions);
  await before.inngest.send({ name: "a/b" });
  await before.engine.idle();
  await before.engine.stop();
  clock.advance(3600);
  const after = await startEngine(options, createFunctions);
  await after.engine.idle();
  expect(log.toSorted()).toEqual(["attempt 0", "attempt 1", "slept"]);
  await after.engine.stop();
});

/** A database in which each statement of the queue breaks off once, after it is committed. */
function breakOffOnce(database: SqlDatabase): { db: SqlDatabase; arm: () => void } {
  const broken = new Set<string>();
  let isArmed = false;
  const withFaults = (queries: SqlQueries): SqlQueries => ({
    ...queries,
    query: async (sql, params) => {
      const rows = await queries.query(sql, params);
      if (!isArmed || broken.has(sql)) return rows as never;
      broken.add(sql);
      throw new Error("Connection terminated unexpectedly");
    },
  });
  const faulty: SqlDatabase = {
    ...database,
    ...withFaults(database),
    transaction: (work) => database.transaction((tx) => work(withFaults(tx))),
  };
  return { db: faulty, arm: () => void (isArmed = true) };
}

test.for<[string, (client: Inngest, end: () => void) => InngestFunction.Any[]]>([
  [
    "sleeps",
    (client, end) => [
      client.createFunction({ id: "sleeps", triggers }, async ({ step }) => {
        await step.sleep("a-while", "1h");
        await step.run("end", end);
      }),
    ],
  ],
  [
    "has parallel steps",
    (client, end) => [
      client.createFunction({ id: "parallel", triggers }, async ({ step }) => {
        await Promise.all([step.run("a", () => null), step.run("b", () => null)]);
        await step.run("end", end);
      }),
    ],
  ],
  [
    "is retried",
    (client, end) => [
      client.createFunction({ id: "retries", triggers }, ({ attempt }) => {
        if (attempt === 0) throw new Error("once");
        end();
      }),
    ],
  ],
  [
    "is throttled",
    (client, end) => [
      client.createFunction({ id: "throttled", triggers, throttle: { limit: 1, period: "30m" } }, end),
    ],
  ],
  [
    "fails",
    (client, end) => [
      client.createFunction({ id: "fails", triggers, retries: 0 }, () => {
        throw new Error("always");
      }),
      client.createFunction({ id: "failed", triggers: [{ event: "inngest/function.failed" }] }, end),
    ],
  ],
])("a run that %s ends although each statement of the queue breaks off once", async ([, create]) => {
  const clock = createClock();
  let ends = 0;
  const { db: faulty, arm } = breakOffOnce(db);
  const { engine, inngest } = await startEngine(
    { db: faulty, now: clock.now, backoff: () => 60_000, errorDelayMs: 10 },
    (client) => create(client, () => void ends++),
  );
  arm();
  await inngest.send([
    { id: "first", name: "a/b" },
    { id: "second", name: "a/b" },
  ]);
  for (let hour = 0; hour < 3; hour++) {
    await engine.idle();
    clock.advance(3600);
  }
  await vi.waitFor(async () => {
    await engine.idle();
    expect(await db.query("select * from embedded_inngest.requests")).toEqual([]);
  }, patience);
  expect(ends).toBeGreaterThanOrEqual(2);
  await engine.stop();
});

test("an event id is deduplicated across a restart", async () => {
  let ran = 0;
  const createFunctions = (client: Inngest) => [
    client.createFunction({ id: "count", triggers }, () => void ran++),
  ];
  for (let start = 0; start < 2; start++) {
    const { engine, inngest } = await startEngine({ db }, createFunctions);
    await inngest.send({ id: "same", name: "a/b" });
    await engine.idle();
    await engine.stop();
  }
  expect(ran).toBe(1);
});

test("a stopped engine completes what executes and starts nothing new", async () => {
  const gate = createGate();
  const createFunctions = (client: Inngest) => [
    client.createFunction({ id: "slow", triggers, concurrency: 1 }, ({ step }) =>
      step.run("work", gate.pass),
    ),
  ];
  const { engine, inngest } = await startEngine({ db }, createFunctions);
  await inngest.send([{ name: "a/b" }, { name: "a/b" }]);
  await gate.passed(1);
  const stopping = engine.stop();
  gate.open();
  await stopping;
  expect(gate.count()).toBe(1);
  const next = await startEngine({ db }, createFunctions);
  await next.engine.idle();
  expect(gate.count()).toBe(2);
  await next.engine.stop();
});

test("a second engine on the same queue is refused in one sentence", async () => {
  const first = await startEngine({ db }, () => []);
  await expect(startEngine({ db }, () => [])).rejects.toThrow(
    `Another process already works on the queue in ${db.description}.`,
  );
  await first.engine.stop();
  const next = await startEngine({ db }, () => []);
  await next.engine.stop();
});

describe.runIf(inject("postgresServer"))("on a server", () => {
  test("an engine whose lock the server released takes it again and continues", async () => {
    const gate = createGate();
    gate.open();
    const { engine, inngest } = await startEngine({ db }, (client) => [
      client.createFunction({ id: "goes-on", triggers }, ({ step }) => step.run("work", gate.pass)),
    ]);
    await db.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    await inngest.send({ name: "a/b" });
    await engine.idle();
    expect(gate.count()).toBe(1);
    await engine.stop();
  });
});

test(
  "kill -9 neither loses an accepted event nor completes a run twice",
  { timeout: SEVERAL_PROCESSES_MS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "engine-"));
    const other = fork(join(import.meta.dirname, "run-marking-functions.ts"), [folder]);
    await once(other, "message");
    other.kill("SIGKILL");
    await once(other, "exit");

    const kept = await openPglite(folder);
    const endedBefore = await kept.query("select distinct n from marks where step = 'end'");
    const { engine } = await startEngine(
      { db: kept },
      createMarkingFunctions(kept, async () => {}),
    );
    await engine.idle();
    const marks = await kept.query<{ n: number; step: string; times: number }>(
      "select n, step, count(*) as times from marks group by n, step order by n, step",
    );
    await engine.stop();
    await kept.close();
    await rm(folder, { recursive: true });

    expect(endedBefore.length).toBeLessThan(EVENTS);
    expect(marks.map(({ n, step }) => `${n} ${step}`)).toEqual(
      Array.from({ length: EVENTS }, (_, n) => MARKS.map((step) => `${n} ${step}`))
        .flat()
        .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.localeCompare(b)),
    );
    // Only a step that was being executed may have been executed again.
    expect(marks.filter(({ times }) => times > 1).length).toBeLessThanOrEqual(16);
  },
);
