import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { runCli } from "../support/run-cli.ts";

const name = `migrate_${randomUUID().replaceAll("-", "")}`;
const files = readdirSync(join(import.meta.dirname, "../../supabase/migrations"));

let admin: SqlDatabase;
let url: string;

beforeAll(async () => {
  const server = new URL(inject("postgresServer") ?? "");
  admin = openPostgres(server.href);
  await admin.exec(`create database ${name}`);
  server.pathname = name;
  url = server.href;
});
afterAll(async () => {
  await admin.exec(`drop database ${name} with (force)`);
  await admin.close();
});

/** Runs the CLI where there is no server and no token. */
const migrate = (databaseUrl: string, ...args: string[]) =>
  runCli({ url: "http://127.0.0.1:1", adminToken: "" }, ["migrate", ...args], { DATABASE_URL: databaseUrl });

test("migrate applies the missing migrations, and needs neither a server nor a token", async () => {
  const first = await migrate(url, "--json");
  expect(JSON.parse(first.out)).toEqual({ applied: files.toSorted() });
  expect(await migrate(url)).toEqual({ out: "The database is up to date.\n", err: "", code: 0 });
});

test("a database that migrate cannot reach is named in one sentence", async () => {
  const unset = await migrate("");
  expect(unset).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringMatching(/^DATABASE_URL is not set\./) as string,
  });
  const unreachable = await migrate("postgres://someone:secret@127.0.0.1:1/rows");
  expect(unreachable).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringMatching(/^[^\n]*127\.0\.0\.1:1\/rows[^\n]*\n$/) as string,
  });
  expect(unreachable.err).not.toContain("secret");
});
