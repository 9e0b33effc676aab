import fc from "fast-check";
import type { Inngest, InngestFunction } from "inngest";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { EngineOptions, InngestEngine } from "../../../src/lib/embedded/inngest-engine.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../../support/database.ts";
import { createClock, createGate, startEngine } from "./engine-harness.ts";
import { patience } from "../../support/patience.ts";

let db: SqlDatabase;
const engines: InngestEngine[] = [];

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await resetDatabase(db);
});

afterAll(() => db.close());

async function start(
  createFunctions: (inngest: Inngest) => InngestFunction.Any[],
  options: Partial<EngineOptions> = {},
) {
  const started = await startEngine({ db, ...options }, createFunctions);
  engines.push(started.engine);
  return started;
}

/** Counts the runs that execute now, and their maximum, by name. */
function createMeter() {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  return {
    most: (name: string) => most.get(name) ?? 0,
    during: async <Result>(name: string, work: () => Promise<Result>) => {
      const count = (now.get(name) ?? 0) + 1;
      now.set(name, count);
      most.set(name, Math.max(count, most.get(name) ?? 0));
      try {
        return await work();
      } finally {
        now.set(name, (now.get(name) ?? 0) - 1);
      }
    },
  };
}

/** A database whose answers wait at the gate of the first text that their statement contains, once `hold` was called, until `release` is. */
function createSlowDb(gates: Record<string, ReturnType<typeof createGate>>) {
  let isHeld = false;
  const slowDb: SqlDatabase = {
    ...db,
    query: async (sql, params) => {
      const rows = await db.query<never>(sql, params);
      const [, gate] = Object.entries(gates).find(([text]) => sql.includes(text)) ?? [];
      if (isHeld) await gate?.pass();
      return rows;
    },
  };
  return { slowDb, hold: () => void (isHeld = true), release: () => void (isHeld = false) };
}

/** A function whose parallel steps, after the gate, make the engine read the queue. */
function createPlanner(client: Inngest, gate: ReturnType<typeof createGate>) {
  return client.createFunction({ id: "parallel", triggers: [{ event: "a/plan" }] }, async ({ step }) => {
    await gate.pass();
    await Promise.all(["one", "two"].map((id) => step.run(id, () => null)));
  });
}

const many = (count: number, toData: (n: number) => Record<string, unknown>, name = "a/b") =>
  Array.from({ length: count }, (_, n) => ({ name, data: toData(n) }));
const someTime = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));

test("a concurrency limit applies to its key and delays no other key", async () => {
  const meter = createMeter();
  const gate = createGate();
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      { id: "limited", triggers: [{ event: "a/b" }], concurrency: { key: "event.data.key", limit: 2 } },
      ({ event, step }) =>
        step.run("work", () => meter.during("all", () => meter.during(String(event.data.key), gate.pass))),
    ),
  ]);
  await inngest.send(many(60, (n) => ({ key: `key ${n % 4}` })));
  await gate.passed(8);
  gate.open();
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 60 });
  for (const n of [0, 1, 2, 3]) expect(meter.most(`key ${n}`)).toBe(2);
  expect(meter.most("all")).toBe(8);
});

test("a limit without a key applies to the function", async () => {
  const meter = createMeter();
  const gate = createGate();
  const { engine, inngest } = await start((client) =>
    ["one", "two"].map((id) =>
      client.createFunction({ id, triggers: [{ event: "a/b" }], concurrency: 1 }, ({ step }) =>
        step.run("work", () => meter.during("both", () => meter.during(id, gate.pass))),
      ),
    ),
  );
  await inngest.send(many(20, () => ({})));
  await gate.passed(2);
  gate.open();
  await engine.idle();
  expect([meter.most("one"), meter.most("two"), meter.most("both")]).toEqual([1, 1, 2]);
});

test("functions with the scope env share keys, each with its own limit", async () => {
  const meter = createMeter();
  const gate = createGate();
  const { engine, inngest } = await start((client) =>
    [1, 3].map((limit) =>
      client.createFunction(
        {
          id: `limit-${limit}`,
          triggers: [{ event: "a/b" }],
          concurrency: [{ scope: "env", key: "string(event.data.installation)", limit }],
        },
        ({ step }) => step.run("work", () => meter.during("both", () => meter.during(`${limit}`, gate.pass))),
      ),
    ),
  );
  await inngest.send(many(30, () => ({ installation: 7 })));
  await gate.passed(3);
  gate.open();
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 60 });
  expect([meter.most("1"), meter.most("both")]).toEqual([1, 3]);
  expect(meter.most("3")).toBeGreaterThan(1);
});

test("two limits of a function apply together", async () => {
  const meter = createMeter();
  const gate = createGate();
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      {
        id: "twice-limited",
        triggers: [{ event: "a/b" }],
        concurrency: [
          { key: "string(event.data.number)", limit: 1 },
          { scope: "env", key: '"installation"', limit: 3 },
        ],
      },
      ({ event, step }) =>
        step.run("work", () => meter.during("all", () => meter.during(String(event.data.number), gate.pass))),
    ),
  ]);
  await inngest.send(many(100, (n) => ({ number: n % 10 })));
  await gate.passed(3);
  gate.open();
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 100 });
  expect(meter.most("all")).toBe(3);
  for (let n = 0; n < 10; n++) expect(meter.most(`${n}`)).toBe(1);
});

test("each parallel step of a run uses a slot", async () => {
  const meter = createMeter();
  const gate = createGate();
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "wide", triggers: [{ event: "a/b" }], concurrency: 2 }, async ({ step }) => {
      await Promise.all(
        many(8, () => ({})).map((_, n) => step.run(`part-${n}`, () => meter.during("all", gate.pass))),
      );
    }),
  ]);
  await inngest.send(many(3, () => ({})));
  await gate.passed(2);
  gate.open();
  await engine.idle();
  expect(meter.most("all")).toBe(2);
  expect(engine.stats()).toMatchObject({ finished: 3 });
});

test("a run that sleeps or waits for a retry uses no slot", async () => {
  const clock = createClock();
  const log: string[] = [];
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction(
        { id: "one-at-a-time", triggers: [{ event: "a/b" }], concurrency: 1 },
        async ({ event, step, attempt }) => {
          const name = String(event.data.name);
          if (name === "sleeps") await step.sleep("a-while", "1h");
          if (name === "fails" && attempt === 0) throw new Error("once");
          await step.run("log", () => log.push(name));
        },
      ),
    ],
    { now: clock.now, backoff: () => 1000 },
  );
  await inngest.send(["sleeps", "fails", "passes"].map((name) => ({ name: "a/b", data: { name } })));
  await engine.idle();
  expect(log).toEqual(["passes"]);
  clock.advance(1);
  await engine.idle();
  clock.advance(3600);
  await engine.idle();
  expect(log).toEqual(["passes", "fails", "sleeps"]);
});

test("runs execute in their order of arrival with a limit of one", async () => {
  const order: unknown[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      { id: "ordered", triggers: [{ event: "a/b" }], concurrency: { key: "event.data.key", limit: 1 } },
      async ({ event, step }) => {
        await step.run("first", () => order.push(event.data));
        await step.run("second", someTime);
      },
    ),
  ]);
  for (let send = 0; send < 5; send++) {
    await inngest.send(many(20, (n) => ({ key: `key ${n % 3}`, n: send * 20 + n })));
  }
  await engine.idle();
  const byKey = Object.groupBy(order as { key: string; n: number }[], ({ key }) => key);
  expect(Object.keys(byKey)).toHaveLength(3);
  for (const runs of Object.values(byKey)) {
    const arrivals = (runs ?? []).map(({ n }) => n);
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
  }
});

test("a run whose key becomes free while the queue is read does not overtake one that waits for the key", async () => {
  const order: unknown[] = [];
  const gates = { first: createGate(), plan: createGate(), accept: createGate(), read: createGate() };
  const { slowDb, hold } = createSlowDb({
    "into embedded_inngest.seen_events": gates.accept,
    find_ready: gates.read,
  });
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction(
        { id: "ordered", triggers: [{ event: "a/b" }], concurrency: { key: '"same"', limit: 1 } },
        ({ event, step }) =>
          step.run("work", async () => {
            order.push(event.data.n);
            if (event.data.n === 1) await gates.first.pass();
          }),
      ),
      createPlanner(client, gates.plan),
    ],
    { db: slowDb },
  );
  await inngest.send([{ name: "a/b", data: { n: 1 } }, { name: "a/plan" }]);
  await Promise.all([gates.first.passed(1), gates.plan.passed(1)]);
  await inngest.send({ name: "a/b", data: { n: 2 } });
  await vi.waitFor(
    async () =>
      expect(await db.query("select from embedded_inngest.requests where lane like '1 %'")).toHaveLength(1),
    patience,
  );
  hold();
  const sent = inngest.send({ name: "a/b", data: { n: 3 } });
  await gates.accept.passed(1); // committed, but the engine does not know it yet
  gates.plan.open();
  await gates.read.passed(1); // has seen it
  gates.first.open();
  await vi.waitFor(() => expect(engine.stats()).toMatchObject({ executing: 0, finished: 1 }), patience);
  gates.read.open();
  await vi.waitFor(() => expect(order).toHaveLength(3), patience);
  gates.accept.open();
  await sent;
  await engine.idle();
  expect(order).toEqual([1, 2, 3]);
});

test("a run that arrives while the queue is read starts, though the read has not seen it", async () => {
  const gates = { plan: createGate(), read: createGate() };
  const { slowDb, hold, release } = createSlowDb({ find_ready: gates.read });
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction({ id: "late", triggers: [{ event: "a/b" }] }, ({ step }) =>
        step.run("work", someTime),
      ),
      createPlanner(client, gates.plan),
    ],
    { db: slowDb },
  );
  await inngest.send({ name: "a/plan" });
  await gates.plan.passed(1);
  hold();
  gates.plan.open();
  await gates.read.passed(1);
  await inngest.send({ name: "a/b" });
  release();
  gates.read.open();
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 2 });
});

test("a priority puts a run ahead of earlier ones, within Inngest's bounds", async () => {
  const clock = createClock();
  const order: unknown[] = [];
  const gate = createGate();
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction(
        { id: "urgent", triggers: [{ event: "a/b" }], priority: { run: "int(event.data.seconds)" } },
        ({ event, step }) =>
          step.run("log", async () => {
            order.push(event.data.name);
            if (event.data.name === "blocks") await gate.pass();
          }),
      ),
    ],
    { now: clock.now, concurrency: 1 },
  );
  const send = (name: string, seconds?: number) => inngest.send({ name: "a/b", data: { name, seconds } });
  await send("blocks", 0);
  await gate.passed(1);
  await send("first", 0);
  await send("last", -600);
  clock.advance(700);
  await send("second", 0);
  await send("before all", 9_999_999); // counts as 600: no more than what waited longer
  await send("third"); // no number: no head start
  gate.open();
  await engine.idle();
  expect(order).toEqual(["blocks", "first", "before all", "last", "second", "third"]);
});

test("a throttle spaces the starts of a key's runs after its burst, also across a restart", async () => {
  const clock = createClock();
  const log: string[] = [];
  const createFunctions = (client: Inngest) => [
    client.createFunction(
      {
        id: "throttled",
        triggers: [{ event: "a/b" }],
        throttle: { limit: 1, period: "10s", burst: 1, key: "event.data.key" },
      },
      ({ event }) =>
        void log.push(`${String(event.data.key)} ${(clock.now() - Date.parse("2030-01-01")) / 1000}`),
    ),
  ];
  const { engine, inngest } = await start(createFunctions, { now: clock.now });
  await inngest.send([...many(3, () => ({ key: "x" })), ...many(1, () => ({ key: "y" }))]);
  await inngest.send(many(1, () => ({ key: "x" })));
  await engine.idle();
  expect(log).toEqual(["x 0", "x 0", "y 0"]);
  await engine.stop();

  const next = await start(createFunctions, { now: clock.now });
  await next.inngest.send(many(1, () => ({ key: "x" })));
  for (let second = 1; second <= 60; second++) {
    clock.advance(1);
    await next.engine.idle();
  }
  expect(log.slice(3)).toEqual(["x 10", "x 20", "x 30"]);
});

test("a more urgent run starts between the steps of a long one", async () => {
  const order: string[] = [];
  const gate = createGate();
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction(
        {
          id: "pages",
          triggers: [{ event: "a/long" }],
          priority: { run: "-600" },
          concurrency: { scope: "env", key: '"github"', limit: 1 },
        },
        async ({ step }) => {
          await step.run("page-1", async () => (order.push("page 1"), gate.pass()));
          await step.run("page-2", () => order.push("page 2"));
        },
      ),
      client.createFunction(
        {
          id: "urgent",
          triggers: [{ event: "a/urgent" }],
          concurrency: { scope: "env", key: '"github"', limit: 1 },
        },
        ({ step }) => step.run("work", () => order.push("urgent")),
      ),
    ],
    { concurrency: 4 },
  );
  await inngest.send({ name: "a/long" });
  await gate.passed(1);
  await inngest.send({ name: "a/urgent" });
  // The scheduler has seen the urgent run when it waits for the slot.
  const waiting = "select from embedded_inngest.requests where lane <> ''";
  await expect.poll(() => db.query(waiting), patience).toHaveLength(1);
  gate.open();
  await engine.idle();
  expect(order).toEqual(["page 1", "urgent", "page 2"]);
});

test("a run that waited for its key and yielded to another resumes after it", async () => {
  const order: string[] = [];
  const gates = new Map(["first", "long", "other"].map((name) => [name, createGate()]));
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction(
        {
          id: "keyed",
          triggers: [{ event: "a/b" }],
          priority: { run: "event.data.name == 'urgent' ? 600 : 0" },
          concurrency: { key: "event.data.key", limit: 1 },
        },
        async ({ event, step }) => {
          const name = String(event.data.name);
          await step.run("one", () => gates.get(name)?.pass());
          await step.run("two", () => order.push(name));
        },
      ),
    ],
    { concurrency: 2 },
  );
  const send = (name: string, key: string) => inngest.send({ name: "a/b", data: { name, key } });
  await send("first", "same");
  await gates.get("first")?.passed(1);
  await send("long", "same"); // a slot is free, but not the key's
  await send("other", "other");
  await gates.get("other")?.passed(1);
  gates.get("first")?.open();
  await gates.get("long")?.passed(1);
  await send("urgent", "third"); // every slot is taken
  gates.get("long")?.open();
  await vi.waitFor(() => expect(order).toEqual(["first", "urgent", "long"]), patience);
  gates.get("other")?.open();
  await engine.idle();
  expect(order).toEqual(["first", "urgent", "long", "other"]);
});

test("runs execute at once behind hundreds that wait for a crowded key", async () => {
  const gate = createGate();
  const done = createGate();
  done.open();
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      { id: "keyed", triggers: [{ event: "a/b" }], concurrency: { key: "event.data.key", limit: 1 } },
      ({ event, step }) => step.run("work", () => (event.data.key === "crowded" ? gate.pass() : done.pass())),
    ),
  ]);
  await inngest.send(many(150, () => ({ key: "crowded" })));
  await inngest.send(many(50, (n) => ({ key: `free ${n}` })));
  await done.passed(50);
  expect(gate.count()).toBe(1);
  gate.open();
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 200 });
});

test("all runs end within the limits, whatever the order of their events", async () => {
  const meter = createMeter();
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      {
        id: "mixed",
        triggers: [{ event: "a/b" }],
        retries: 3,
        priority: { run: "int(event.data.priority)" },
        concurrency: [
          { key: "string(event.data.key)", limit: 1 },
          { scope: "env", key: "string(event.data.group)", limit: 4 },
        ],
      },
      async ({ event, step, attempt }) => {
        const { n, key, group } = event.data as { n: number; key: number; group: number };
        const work = () => meter.during(`key ${key}`, () => meter.during(`group ${group}`, someTime));
        await step.run("one", async () => {
          await work();
          if (n % 7 === 0 && attempt === 0) throw new Error("once");
        });
        if (n % 3 === 0) await Promise.all([step.run("two", work), step.run("three", work)]);
      },
    ),
  ]);
  const random = (below: number) => Math.floor(Math.random() * below);
  for (let sent = 0; sent < 160; sent += 20) {
    await inngest.send(
      many(20, (n) => ({ n: sent + n, key: random(30), group: random(3), priority: random(1200) - 600 })),
    );
  }
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 160, failed: 0 });
  for (let key = 0; key < 30; key++) expect(meter.most(`key ${key}`)).toBeLessThanOrEqual(1);
  for (let group = 0; group < 3; group++) expect(meter.most(`group ${group}`)).toBeLessThanOrEqual(4);
  expect(await db.query("select * from embedded_inngest.requests")).toEqual([]);
});

test("runs that arrive while nothing waits start without a query of the queue", async () => {
  let queries = 0;
  const counted: SqlDatabase = {
    ...db,
    query: async (sql, params) => {
      if (sql.includes("find_ready") || sql.includes("from embedded_inngest.requests as request")) queries++;
      return db.query<never>(sql, params);
    },
  };
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction({ id: "works", triggers: [{ event: "a/b" }] }, ({ step }) =>
        step.run("work", someTime),
      ),
    ],
    { db: counted },
  );
  await engine.idle();
  queries = 0;
  for (let n = 0; n < 5; n++) {
    await inngest.send(many(3, () => ({ n })));
    await engine.idle();
  }
  expect(queries).toBe(0);
  expect(engine.stats()).toMatchObject({ finished: 15 });
});

test("every run ends, whatever arrives, yields, fails, sleeps and waits for slots at the same time", async () => {
  const kinds = ["plain", "yields", "fails", "parallel", "sleeps"] as const;
  const sends = fc.array(
    fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        key: fc.integer({ min: 0, max: 3 }),
        seconds: fc.constantFrom(0, 0, 150, 600),
      }),
      { minLength: 1, maxLength: 40 },
    ),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(sends, fc.integer({ min: 1, max: 5 }), async (batches, concurrency) => {
      const ended: number[] = [];
      const { engine, inngest } = await start(
        (client) => [
          client.createFunction(
            {
              id: "mixed",
              triggers: [{ event: "a/b" }],
              concurrency: { key: "string(event.data.key)", limit: 1 },
              priority: { run: "event.data.seconds" },
            },
            async ({ event, step, attempt }) => {
              const { kind, n } = event.data as { kind: (typeof kinds)[number]; n: number };
              if (kind === "fails" && attempt === 0) throw new Error("once");
              if (kind === "sleeps") await step.sleep("shortly", 1);
              if (kind === "parallel") await Promise.all(["one", "two"].map((id) => step.run(id, someTime)));
              if (kind === "yields") for (const id of ["one", "two"]) await step.run(id, someTime);
              await step.run("end", () => ended.push(n));
            },
          ),
        ],
        { concurrency },
      );
      let n = 0;
      await Promise.all(
        batches.map((batch) =>
          inngest.send(batch.map((data) => ({ name: "a/b", data: { ...data, n: n++ } }))),
        ),
      );
      await engine.idle(60_000);
      expect(ended.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, each) => each));
      expect(await db.query("select from embedded_inngest.requests")).toHaveLength(0);
      await engine.stop();
    }),
    { numRuns: 10 },
  );
});

test("concurrent sends do not deadlock over the throttles that they share", async () => {
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      {
        id: "throttled",
        triggers: [{ event: "a/b" }],
        throttle: { key: "event.data.key", limit: 1000, period: "1m" },
      },
      () => null,
    ),
  ]);
  const keys = ["a", "b", "c", "d", "e", "f"];
  const variant = (n: number) => keys.map((key, i) => ((n >> i) & 1 ? `${key}x` : key)).toReversed();
  const sendAll = async (_: unknown, sender: number) => {
    for (let round = 0; round < 60; round++)
      await inngest.send(
        variant((sender * 29 + round * 13) % 64).map((key) => ({ name: "a/b", data: { key } })),
      );
  };
  await Promise.all(Array.from({ length: 6 }, sendAll)); // closing the database fails if Postgres counted a deadlock
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 2160 });
});
