import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, inject, test, vi } from "vitest";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import { spawnServer, startServer } from "../../../src/testing/start-server.ts";
import { patience } from "../../support/patience.ts";

const base = inject("postgresServer");

describe.runIf(base)("the server's start on Postgres", () => {
  test("a database that does not exist ends the start with one sentence", async () => {
    const url = new URL(base ?? "");
    url.pathname = "no_such_database";
    const start = startServer({ DATABASE_URL: url.href });
    await expect(start).rejects.toThrow(/DATABASE_URL cannot be used, the database does not exist/);
    await expect(start).rejects.not.toThrow(/ at .*\.(ts|js):/);
  });

  test("an unknown role or a wrong password ends the start with one sentence", async () => {
    const url = new URL(base ?? "");
    url.username = "no_such_role";
    url.password = "hunter2";
    const start = startServer({ DATABASE_URL: url.href });
    await expect(start).rejects.toThrow(/DATABASE_URL cannot be used, the (role|password)/);
    await expect(start).rejects.not.toThrow(/hunter2/);
  });

  test("SIGTERM during the start releases the lease of the queue", async () => {
    const name = `start_${process.pid}`;
    const url = new URL(base ?? "");
    const admin = openPostgres(url.href);
    await admin.exec(`create database ${name}`);
    url.pathname = name;
    const db = openPostgres(url.href);
    const silent = createServer().listen(0, "127.0.0.1"); // as GitHub, which keeps the start waiting
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const server = spawnServer({ DATABASE_URL: url.href, GITHUB_API_URL: `http://127.0.0.1:${port}` });
    const leases = () => db.query("select name from embedded_inngest.leases");
    await vi.waitFor(async () => expect(await leases()).toHaveLength(1), patience);
    expect(await server.end("SIGTERM")).toBe(0);
    expect(server.output.join("\n")).not.toContain("Listening");
    expect(await leases()).toEqual([]);
    silent.close();
    await db.close();
    await admin.exec(`drop database ${name} with (force)`);
    await admin.close();
  });
});
