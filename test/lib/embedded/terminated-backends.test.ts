import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { compareRows } from "../../../src/testing/compare-rows.ts";
import { toTruth } from "../../../src/testing/truth.ts";
import { migrate } from "../../../src/lib/embedded/migrate.ts";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openGitHub } from "../../support/open-github.ts";
import { startApp } from "../../support/start-app.ts";
import { patience } from "../../support/patience.ts";

const base = inject("postgresServer");

describe.runIf(base)("on a Postgres server", () => {
  const name = `terminated_${process.pid}`;
  let admin: SqlDatabase;
  let db: SqlDatabase;

  beforeAll(() => {
    admin = openPostgres(base ?? "");
  });
  beforeEach(async () => {
    await admin.exec(`create database ${name}`);
    const url = new URL(base ?? "");
    url.pathname = name;
    db = openPostgres(url.href, { lease: { lastsMs: 2_000, renewEveryMs: 50 } });
    await migrate(db);
  });
  afterEach(async () => {
    await db.close();
    await admin.exec(`drop database ${name} with (force)`);
  });
  afterAll(() => admin.close());

  const terminateAll = () =>
    admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);

  test("captures complete although all their connections are terminated and the queue's lease is taken", async () => {
    const github = await openGitHub({ latency: 5 });
    const app = await startApp(db, { GITHUB_API_URL: github.url });
    const ann = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [ann] });
    const repository = github.createRepository({ owner: acme, name: "web" });
    github.install({ account: acme });
    for (let count = 0; count < 20; count++) {
      const on = github.after(count, () => github.openPullRequest({ repository, author: ann }));
      github.after(count, () => github.createIssueComment({ on, author: ann, body: `${count}` }));
    }

    const delivered = Promise.all(
      github.deliveries.splice(0).map(async (delivery) => {
        // What is answered 503 GitHub has delivered again.
        await vi.waitFor(async () => expect(await app.deliver(delivery)).toBe(200), patience);
      }),
    );
    let terminated = 0;
    while (terminated < 100) terminated += (await terminateAll()).length;
    await delivered;

    await vi.waitFor(async () => expect((await fetch(`${app.url}/healthz`)).status).toBe(200), patience);
    await db.exec("update embedded_inngest.leases set holder = 'another', expires_at = now()"); // as if another server had had it
    await vi.waitFor(async () => {
      await db.exec("update embedded_inngest.requests set due_at = 0"); // as if the pauses before the next attempts were over
      const regained = "select from embedded_inngest.leases where holder <> 'another' and expires_at > now()";
      expect(await db.query(regained)).toHaveLength(1);
      expect(await app.rows("capture.jobs where state <> 'completed'")).toEqual([]);
      expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
    }, patience);
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    await app.close();
    await github.close();
  });

  test("while another server holds the queue's lease, deliveries wait in the outbox, and healthz says why", async () => {
    const github = await openGitHub();
    const app = await startApp(db, { GITHUB_API_URL: github.url });
    const ann = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [ann] });
    const repository = github.createRepository({ owner: acme, name: "api" });
    github.install({ account: acme });
    const health = async () => (await (await fetch(`${app.url}/healthz`)).json()) as { problems?: string[] };

    await db.exec(
      "update embedded_inngest.leases set holder = 'another', place = 'elsewhere', expires_at = now() + '1 hour'",
    );
    await vi.waitFor(async () => {
      await db.exec("update embedded_inngest.leases set renewals = renewals + 1");
      expect((await health()).problems).toEqual([expect.stringContaining("lost its lock of the queue")]);
    }, patience);
    github.after(1, () => github.openPullRequest({ repository, author: ann }));
    const deliveries = github.deliveries.splice(0);
    for (const delivery of deliveries) expect(await app.deliver(delivery)).toBe(200);
    expect(await app.rows("embedded_inngest.runs")).toEqual([]);

    await db.exec("update embedded_inngest.leases set expires_at = now()");
    await vi.waitFor(async () => {
      await app.services.outbox.drain();
      const ended = await db.query<{ event_id: string }>(
        "select event_id from capture.jobs where finished_at is not null",
      );
      const events = ended.map(({ event_id: id }) => id.split(":", 1)[0]);
      expect(events).toEqual(expect.arrayContaining(deliveries.map(({ id }) => id)));
    }, patience);
    expect((await health()).problems).toBeUndefined();
    await app.close();
    await github.close();
  });
});
