import type { InngestFunction } from "inngest";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createInngestEngine, type InngestEngine } from "../../../src/lib/embedded/inngest-engine.ts";
import { serveInProcess } from "../../../src/lib/embedded/serve-in-process.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../../support/database.ts";
import { createClock, createInngest, startEngine } from "./engine-harness.ts";

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

/** Functions that record their events. */
async function start(triggers: Record<string, { event: string; if?: string }[]>, clock = createClock()) {
  const ran: string[] = [];
  const started = await startEngine({ db, now: clock.now }, (inngest) =>
    Object.entries(triggers).map(([id, on]) =>
      inngest.createFunction({ id, triggers: on }, ({ event }) => {
        ran.push(`${id} ${event.name} ${JSON.stringify(event.data)}`);
      }),
    ),
  );
  engines.push(started.engine);
  return { ...started, ran, clock };
}

const post = (engine: InngestEngine, body: unknown, headers = {}) =>
  engine.fetch("http://localhost/e/key", { method: "POST", body: JSON.stringify(body), headers });

test("an event runs the functions that it triggers, and no other", async () => {
  const { engine, inngest, ran } = await start({
    first: [{ event: "a/one" }, { event: "a/two" }],
    second: [{ event: "a/two" }],
  });
  const { ids } = await inngest.send([
    { name: "a/one", data: { n: 1 } },
    { name: "a/two", data: { n: 2 } },
    { name: "a/three", data: { n: 3 } },
  ]);
  await engine.idle();
  expect(ids).toHaveLength(3);
  expect(ran.toSorted()).toEqual(['first a/one {"n":1}', 'first a/two {"n":2}', 'second a/two {"n":2}']);
});

test("an expression filters events, and one that cannot be evaluated matches none", async () => {
  const { engine, inngest, ran } = await start({ high: [{ event: "a/b", if: "event.data.n > 1" }] });
  await inngest.send([
    { name: "a/b", data: { n: 1 } },
    { name: "a/b", data: { n: 2 } },
    { name: "a/b", data: {} },
  ]);
  await engine.idle();
  expect(ran).toEqual(['high a/b {"n":2}']);
});

test("quotes, control characters and astral characters arrive unchanged", async () => {
  const { engine, inngest, ran } = await start({ echo: [{ event: "a/b" }] });
  const data = { text: `"it's" \\ {a,b} \u0000 \u2028 🎉 \ud800` };
  await inngest.send({ name: "a/b", data });
  await engine.idle();
  expect(ran).toEqual([`echo a/b ${JSON.stringify(data)}`]);
});

describe("an event id", () => {
  test("an event id is deduplicated in one send, in two, and across names", async () => {
    const { engine, inngest, ran } = await start({ any: [{ event: "a/b" }, { event: "a/c" }] });
    await inngest.send([
      { id: "same", name: "a/b", data: { n: 1 } },
      { id: "same", name: "a/b", data: { n: 2 } },
    ]);
    await inngest.send({ id: "same", name: "a/c", data: { n: 3 } });
    await engine.idle();
    expect(ran).toEqual(['any a/b {"n":1}']);
  });

  test("an event id is accepted again after 24 hours", async () => {
    const { engine, inngest, ran, clock } = await start({ any: [{ event: "a/b" }] });
    await inngest.send({ id: "same", name: "a/b" });
    clock.advance(24 * 3600 - 1);
    await inngest.send({ id: "same", name: "a/b" });
    await engine.idle();
    expect(ran).toHaveLength(1);
    clock.advance(1);
    await inngest.send({ id: "same", name: "a/b" });
    await engine.idle();
    expect(ran).toHaveLength(2);
  });

  test("events without an id are not deduplicated, except in a repeated request", async () => {
    const { engine, ran } = await start({ any: [{ event: "a/b" }] });
    const twice = [{ name: "a/b" }, { name: "a/b" }];
    const headers = { "x-inngest-event-id-seed": "1893456000000,c2VlZA==" };
    const first: unknown = await (await post(engine, twice, headers)).json();
    const second: unknown = await (await post(engine, twice, headers)).json();
    await engine.idle();
    expect(second).toEqual(first);
    expect(ran).toHaveLength(2);
  });
});

test("events that cannot be committed are answered 500 and leave no rows", async () => {
  const { engine, ran } = await start({ any: [{ event: "a/b" }] });
  await db.exec("alter table embedded_inngest.requests rename to away");
  const answer = await post(engine, { id: "kept", name: "a/b" });
  await db.exec("alter table embedded_inngest.away rename to requests");
  expect(answer.status).toBe(500);
  expect((await post(engine, { id: "kept", name: "a/b" })).status).toBe(200);
  await engine.idle();
  expect(ran).toHaveLength(1);
});

test("an engine accepts no events before its start and after its stop", async () => {
  const early = createInngestEngine({ db });
  expect((await post(early, { name: "a/b" })).status).toBe(503);
  const { engine } = await start({ any: [{ event: "a/b" }] });
  await engine.stop();
  expect((await post(engine, { name: "a/b" })).status).toBe(503);
});

test("an unknown request is refused", async () => {
  const { engine } = await start({ any: [{ event: "a/b" }] });
  expect((await post(engine, { data: {} })).status).toBe(400);
  expect((await engine.fetch("http://localhost/v1/runs")).status).toBe(404);
});

describe("an unsupported function", () => {
  const refused: [Partial<InngestFunction.Options>, string][] = [
    [{ rateLimit: { limit: 1, period: "1h" } }, "rateLimit"],
    [{ idempotency: "event.data.id" }, "idempotency"],
    [{ batchEvents: { maxSize: 2, timeout: "5s" } }, "batchEvents"],
    [{ cancelOn: [{ event: "a/c" }] }, "cancel"],
    [{ timeouts: { finish: "1h" } }, "timeouts"],
    [{ singleton: { mode: "skip" } }, "singleton"],
    [{ debounce: { period: "1s" } }, "debounce"],
    [{ priority: { run: "event.data.(" } }, "priority.run (event.data.(: "],
    [
      { concurrency: [{ limit: 1, key: "other.id" }] },
      "concurrency.0.key (other.id: Unknown variable: other)",
    ],
    [{ triggers: [{ event: "a/*" }] }, "triggers.0.event (wildcards)"],
    [
      { triggers: [{ cron: "*/5 * * * *" }] },
      "triggers.0.event (Invalid input: expected string, received undefined), triggers.0.cron",
    ],
  ];
  test.each(refused)("an unsupported option of a function stops the start: %j", async (options, named) => {
    const engine = createInngestEngine({ db });
    const inngest = createInngest(engine);
    const fn = inngest.createFunction({ id: "odd", triggers: [{ event: "a/b" }], ...options }, () => {});
    await expect(engine.start(serveInProcess({ client: inngest, functions: [fn] }))).rejects.toThrow(
      `The function test-odd declares ${named}`,
    );
  });
});

test("a client that does not use the engine's fetch stops the start", async () => {
  const engine = createInngestEngine({ db });
  const inngest = createInngest(createInngestEngine({ db }));
  await expect(engine.start(serveInProcess({ client: inngest, functions: [] }))).rejects.toThrow(
    "could not be registered",
  );
});
