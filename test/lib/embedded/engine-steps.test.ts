import { NonRetriableError, RetryAfterError, StepError, type InngestFunction } from "inngest";
import type { Inngest } from "inngest";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { inngestBackoff } from "../../../src/lib/embedded/engine/backoff.ts";
import type { EngineOptions, InngestEngine } from "../../../src/lib/embedded/inngest-engine.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../../support/database.ts";
import { createClock, createGate, startEngine } from "./engine-harness.ts";

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

const triggers = [{ event: "a/b" }];
const rowsLeft = async () =>
  (
    await db.query<{ n: number }>(
      "select (select count(*) from embedded_inngest.runs) + (select count(*) from embedded_inngest.steps) + (select count(*) from embedded_inngest.requests) as n",
    )
  )[0]?.n;

test("each step executes once, and a finished run leaves no rows", async () => {
  const executed: string[] = [];
  const results: unknown[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "steps", triggers }, async ({ event, step }) => {
      const one = await step.run("one", () => (executed.push("one"), { n: Number(event.data.n) + 1 }));
      const two = await step.run("two", () => (executed.push("two"), one.n * 2));
      const nothing = await step.run("nothing", () => {});
      results.push(two, nothing);
    }),
  ]);
  await inngest.send({ name: "a/b", data: { n: 1 } });
  await engine.idle();
  expect(executed).toEqual(["one", "two"]);
  expect(results).toEqual([4, null]);
  expect(await rowsLeft()).toBe(0);
});

test("parallel steps execute concurrently, once each, and their results are combined", async () => {
  const gate = createGate();
  const results: unknown[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "parallel", triggers }, async ({ step }) => {
      const before = await step.run("before", () => "before");
      const names = ["a", "b", "c"];
      const all = await Promise.all(
        names.map((name) => step.run(name, async () => (await gate.pass(), name))),
      );
      results.push(before, ...all, await step.run("after", () => "after"));
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await gate.passed(3);
  gate.open();
  await engine.idle();
  expect(results).toEqual(["before", "a", "b", "c", "after"]);
  expect(gate.count()).toBe(3);
  expect(await rowsLeft()).toBe(0);
});

test("a sleep lasts as long as declared, alone and beside a step", async () => {
  const clock = createClock();
  const log: string[] = [];
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction({ id: "sleeps", triggers }, async ({ step }) => {
        await step.run("first", () => log.push("first"));
        await step.sleep("a-while", 26 * 3600 * 1000);
        await step.run("second", () => log.push("second"));
        await Promise.all([
          step.sleepUntil("until", new Date("2030-01-03T00:00:00Z")),
          step.run("third", () => log.push("third")),
        ]);
        log.push("end");
      }),
    ],
    { now: clock.now },
  );
  await inngest.send({ name: "a/b" });
  await engine.idle();
  clock.advance(26 * 3600 - 1);
  await engine.idle();
  expect(log).toEqual(["first"]);
  clock.advance(1);
  await engine.idle();
  expect(log).toEqual(["first", "second", "third"]);
  clock.advance(22 * 3600);
  await engine.idle();
  expect(log).toEqual(["first", "second", "third", "end"]);
});

test("idle can wait for a run that is due soon", async () => {
  let slept = 0;
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "sleeps", triggers }, async ({ step }) => {
      const began = await step.run("began", () => Date.now());
      await step.sleep("a-second", 1000);
      slept = Date.now() - began;
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle(2000);
  expect(slept).toBeGreaterThanOrEqual(1000);
});

test("a step sends its events once", async () => {
  const seen: unknown[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "sender", triggers }, async ({ step }) => {
      await step.sendEvent("send", [
        { name: "c/d", data: { n: 1 } },
        { name: "c/d", data: { n: 2 } },
      ]);
      await step.run("after", () => {});
    }),
    client.createFunction({ id: "receiver", triggers: [{ event: "c/d" }] }, ({ event }) => {
      seen.push(event.data.n);
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(new Set(seen)).toEqual(new Set([1, 2]));
  expect(seen).toHaveLength(2);
});

test("a retry repeats only the step that failed", async () => {
  const executed: string[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "flaky", triggers, retries: 3 }, async ({ step, attempt }) => {
      await step.run("sound", () => executed.push("sound"));
      await step.run("flaky", () => {
        executed.push(`flaky ${attempt}`);
        if (attempt < 2) throw new Error("not yet");
      });
      await step.run("next", () => executed.push(`next ${attempt}`));
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(executed).toEqual(["sound", "flaky 0", "flaky 1", "flaky 2", "next 0"]);
  expect(engine.stats()).toMatchObject({ finished: 1, failed: 0, retried: 2 });
});

test("a retry repeats only the parallel step that failed", async () => {
  const executed: string[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "flaky", triggers, retries: 1 }, async ({ step, attempt }) => {
      await Promise.all([
        step.run("sound", () => executed.push("sound")),
        step.run("flaky", () => {
          executed.push(`flaky ${attempt}`);
          if (attempt === 0) throw new Error("not yet");
        }),
      ]);
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(executed.toSorted()).toEqual(["flaky 0", "flaky 1", "sound"]);
  expect(engine.stats()).toMatchObject({ finished: 1 });
});

test("a run of several steps takes one call, and keeps each result before the next step begins", async () => {
  const kept: number[] = [];
  let calls = 0;
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "steps", triggers }, async ({ step }) => {
      calls++;
      for (const name of ["one", "two", "three"])
        await step.run(name, async () => {
          kept.push((await db.query("select from embedded_inngest.steps")).length);
        });
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(kept).toEqual([0, 1, 2]);
  expect(calls).toBe(1);
  expect(await rowsLeft()).toBe(0);
});

test("a step without attempts left throws an error that the function can catch", async () => {
  const caught: unknown[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "failing", triggers, retries: 1 }, async ({ event, step }) => {
      try {
        await step.run("failing", () => {
          throw new TypeError("broken");
        });
      } catch (error) {
        if (!event.data.caught) throw error;
        caught.push(error instanceof StepError, error instanceof Error && error.message);
        await step.run("make-good", () => caught.push("made good"));
      }
    }),
  ]);
  await inngest.send({ name: "a/b", data: { caught: true } });
  await engine.idle();
  expect(caught).toEqual([true, "broken", "made good"]);
  expect(engine.stats()).toMatchObject({ finished: 1, failed: 0, retried: 1 });

  await inngest.send({ name: "a/b", data: { caught: false } });
  await engine.idle();
  expect(engine.stats()).toMatchObject({ finished: 1, failed: 1, retried: 2 });
  expect(await rowsLeft()).toBe(0);
});

test("retries wait as long as Inngest's, with up to a fifth of jitter", async () => {
  const clock = createClock();
  let attempts = 0;
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction({ id: "always", triggers, retries: 10 }, () => {
        attempts++;
        throw new Error("always");
      }),
    ],
    { now: clock.now, backoff: inngestBackoff },
  );
  await inngest.send({ name: "a/b" });
  await engine.idle();
  for (const seconds of [10, 30, 60, 120]) {
    const before = attempts;
    clock.advance(seconds - 1);
    await engine.idle();
    expect(attempts).toBe(before);
    clock.advance(1 + seconds * 0.2);
    await engine.idle();
    expect(attempts).toBe(before + 1);
  }
});

test.each([
  ["a step", true],
  ["the function", false],
])("%s whose error names the next attempt is retried then", async (_, inStep) => {
  const clock = createClock();
  const attempts: string[] = [];
  const attempt = () => {
    attempts.push(new Date(clock.now()).toISOString());
    if (attempts.length === 1) throw new RetryAfterError("later", new Date("2030-01-01T01:00:00Z"));
  };
  const { engine, inngest } = await start(
    (client) => [
      client.createFunction({ id: "limited", triggers }, async ({ step }) => {
        if (inStep) await step.run("attempt", attempt);
        else attempt();
      }),
    ],
    { now: clock.now },
  );
  await inngest.send({ name: "a/b" });
  await engine.idle();
  clock.advance(3599);
  await engine.idle();
  expect(attempts).toHaveLength(1);
  clock.advance(1);
  await engine.idle();
  expect(attempts.at(-1)).toBe("2030-01-01T01:00:00.000Z");
});

test.each([
  ["a step", true],
  ["the function", false],
])("%s that throws a NonRetriableError is not retried", async (_, inStep) => {
  let attempts = 0;
  const attempt = () => {
    attempts++;
    throw new NonRetriableError("gone");
  };
  const { engine, inngest } = await start((client) => [
    client.createFunction({ id: "gone", triggers, retries: 5 }, async ({ step }) => {
      if (inStep) await step.run("attempt", attempt);
      else attempt();
    }),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(attempts).toBe(1);
  expect(engine.stats()).toMatchObject({ failed: 1, retried: 0 });
});

test("onFailure runs once, for its own function, with the error", async () => {
  const failures: unknown[] = [];
  const { engine, inngest } = await start((client) =>
    ["one", "two"].map((id) =>
      client.createFunction(
        {
          id,
          triggers: [{ event: `a/${id}` }],
          retries: 1,
          onFailure: ({ event, error }) => {
            failures.push({
              id,
              error: `${error.name}: ${error.message}`,
              functionId: event.data.function_id,
              runId: event.data.run_id.length > 0,
              event: event.data.event,
            });
          },
        },
        () => {
          throw new RangeError("broken");
        },
      ),
    ),
  );
  await inngest.send({ id: "the-event", name: "a/one", data: { n: 1 } });
  await engine.idle();
  expect(failures).toEqual([
    {
      id: "one",
      error: "RangeError: broken",
      functionId: "test-one",
      runId: true,
      event: expect.objectContaining({ id: "the-event", name: "a/one", data: { n: 1 } }),
    },
  ]);
});

test("an unsupported kind of step fails the run in one sentence", async () => {
  const errors: string[] = [];
  const { engine, inngest } = await start((client) => [
    client.createFunction(
      { id: "waits", triggers, onFailure: ({ error }) => void errors.push(error.message) },
      ({ step }) => step.waitForEvent("wait", { event: "c/d", timeout: "1h" }),
    ),
  ]);
  await inngest.send({ name: "a/b" });
  await engine.idle();
  expect(errors).toEqual([
    "The embedded engine does not support WaitForEvent, which the step wait needs. Inngest does.",
  ]);
});
