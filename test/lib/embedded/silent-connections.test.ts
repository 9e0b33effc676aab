import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { startServer } from "../../../src/testing/start-server.ts";
import { openGitHub } from "../../support/open-github.ts";
import { patience } from "../../support/patience.ts";
import { sendWebhook } from "../../support/send-webhook.ts";

const base = inject("postgresServer") ?? "";
const name = `silent_${process.pid}`;
const own = base && Object.assign(new URL(base), { pathname: name }).href;

/** Forwards connections to Postgres until `freeze`. A frozen connection stays open, and nothing passes. New ones work. */
async function openProxy() {
  const target = new URL(base);
  const open = new Set<Socket>();
  const frozen = new Set<Socket>();
  const server = createServer((client) => {
    const postgres = connect(Number(target.port || 5432), target.hostname);
    open.add(client);
    const forward = (from: Socket, to: Socket) => {
      from.on("data", (bytes) => void (frozen.has(client) || to.write(bytes)));
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    };
    forward(client, postgres);
    forward(postgres, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(own);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    freeze: () => {
      for (const socket of open) frozen.add(socket);
    },
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

describe.runIf(base)("on a Postgres server", () => {
  let admin: SqlDatabase;
  let db: SqlDatabase;

  beforeAll(async () => {
    admin = openPostgres(base);
    await admin.exec(`create database ${name}`);
    db = openPostgres(own);
    await db.exec("create table items (id integer)");
  });
  afterAll(async () => {
    await db.close();
    await admin.exec(`drop database ${name} with (force)`);
    await admin.close();
  });

  test("a statement whose connection fell silent fails after its limit, and the next one has another connection", async () => {
    const proxy = await openProxy();
    const pool = openPostgres(proxy.url, { maxConnections: 1, maxStatementMs: 500 });
    await pool.query("select 1");
    proxy.freeze();
    await expect(pool.query("select 1")).rejects.toThrow("timeout");
    expect(await pool.query("select 1 as one")).toEqual([{ one: 1 }]);

    const inTransaction = pool.transaction(async (tx) => {
      await tx.query("insert into items values (1)");
      proxy.freeze();
      await tx.query("select 1");
    });
    await expect(inTransaction).rejects.toThrow("timeout");
    expect(await pool.query("select from items")).toEqual([]);
    await pool.close();
    proxy.close();
  });

  test("a statement that is given up while it waits for a lock ends on the server, too", async () => {
    const pool = openPostgres(own, { maxStatementMs: 200 });
    await db.transaction(async (tx) => {
      await tx.exec("lock items in access exclusive mode");
      await expect(pool.query("select from items")).rejects.toThrow("timeout");
      const waiting = "select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'";
      await vi.waitFor(async () => expect(await admin.query(waiting, [name])).toEqual([]), patience);
    });
    let patient: Promise<unknown> | undefined;
    await db.transaction(async (tx) => {
      await tx.exec("lock items in access exclusive mode");
      patient = pool.query("select 1 as one from (select count(*) from items) as counted", [], {
        maxMs: 60_000,
      });
      await expect(pool.query("select from items")).rejects.toThrow("timeout");
    });
    expect(await patient, "a statement with a limit of its own").toEqual([{ one: 1 }]);
    await pool.close();
  });

  test("a lease whose connection fell silent is lost when it expires", async () => {
    const proxy = await openProxy();
    const lease = { lastsMs: 600, renewEveryMs: 100 };
    const pool = openPostgres(proxy.url, { lease });
    const lost = Promise.withResolvers<Error>();
    await pool.tryLock("silent", lost.resolve);
    proxy.freeze();
    expect((await lost.promise).message).toContain("the database does not answer");
    expect(await pool.tryLock("silent")).not.toBeNull();
    await pool.close();
    proxy.close();
  });

  test("webhooks are accepted while every capture waits for a lock", async () => {
    const github = await openGitHub();
    const server = await startServer({ DATABASE_URL: own, GITHUB_API_URL: github.url });
    const ann = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [ann] });
    const repository = github.createRepository({ owner: acme, name: "web" });
    github.install({ account: acme });
    for (let count = 0; count < 20; count++)
      github.after(count, () => github.openPullRequest({ repository, author: ann }));
    await db.transaction(async (tx) => {
      await tx.exec("lock github.pull_requests in share mode"); // as `create index` does
      for (const delivery of github.deliveries.splice(0))
        expect(await sendWebhook(server.url, delivery)).toBe(200);
    });
    const captured = "select from github.pull_requests";
    await vi.waitFor(async () => expect(await db.query(captured)).toHaveLength(20), patience);
    expect(await server.end("SIGTERM")).toBe(0);
    await github.close();
  });
});
