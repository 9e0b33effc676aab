import { PGlite } from "@electric-sql/pglite";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import { patience } from "../../support/patience.ts";
import { postgresVersion } from "../../../src/lib/embedded/pglite/open-database.ts";

/** Each test creates a database, which is slow on a busy machine. */
const SEVERAL_PROCESSES_MS = 180_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pglite-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts another process and waits until it has committed its row. */
async function startOther(): Promise<ChildProcess> {
  const other = fork(join(import.meta.dirname, "hold-pglite.ts"), [folder]);
  await once(other, "message");
  return other;
}

test(
  "a folder that another process uses is refused until that process is killed, and has its commits",
  { timeout: SEVERAL_PROCESSES_MS },
  async () => {
    const other = await startOther();
    await expect(openPglite(folder)).rejects.toThrow(
      `The data folder ${folder} is in use by another process.`,
    );
    other.kill("SIGKILL");
    await once(other, "exit");

    const db = await openPglite(folder);
    expect(await db.query("select * from kept")).toEqual([{ id: 1 }]);
    await db.close();
  },
);

test("a folder that is open in this process is refused until it is closed, also to other programs", async () => {
  await cp(inject("emptyFolder"), folder, { recursive: true });
  const first = await openPglite(folder);
  await expect(openPglite(folder)).rejects.toThrow("in use");
  await expect(PGlite.create(join(folder, "postgres"))).rejects.toThrow("failed to initialize");
  expect(await first.query("select 1 as one")).toEqual([{ one: 1 }]);
  await first.close();
  const second = await openPglite(folder);
  await second.close();
});

test("a folder whose path is too long for a socket opens without one, and a warning says so", async () => {
  const deep = join(folder, "x".repeat(100));
  await cp(inject("emptyFolder"), deep, { recursive: true });
  const warnings: string[] = [];
  const db = await openPglite(deep, { warn: (sentence) => warnings.push(sentence) });
  expect(warnings).toEqual([expect.stringContaining("Clients such as psql cannot connect")]);
  expect(await db.query("select 1 as one")).toEqual([{ one: 1 }]);
  await db.close();
});

test("bigint is a number, jsonb is parsed, a timestamp is a Date", async () => {
  const db = await openPglite("memory://", { snapshot: inject("pgliteSnapshot") });
  const [row] = await db.query("select 5::bigint as n, '{\"a\": 1}'::jsonb as j, 'epoch'::timestamptz as t");
  expect(row).toEqual({ n: 5, j: { a: 1 }, t: new Date(0) });
  await db.close();
});

test("postgresVersion is PGlite's version", async () => {
  const db = await openPglite("memory://", { snapshot: inject("pgliteSnapshot") });
  const [row] = await db.query<{ major: number }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  expect(String(row?.major)).toBe(postgresVersion);
  await db.close();
});

test("the write-ahead log does not grow with what is written", async () => {
  await cp(inject("emptyFolder"), folder, { recursive: true });
  const db = await openPglite(folder);
  await db.exec("create table written (id integer primary key, text text storage external)");
  for (let round = 0; round < 12; round++)
    await db.exec(`
      insert into written select n, repeat('x', 10000) from generate_series(1, 1000) as n
      on conflict (id) do update set text = excluded.text`);
  const log = join(folder, "postgres", "pg_wal");
  await vi.waitFor(async () => {
    const files = await Promise.all((await readdir(log)).map((name) => stat(join(log, name))));
    expect(files.reduce((bytes, { size }) => bytes + size, 0)).toBeLessThan(100e6);
  }, patience);
  await db.close();
});

test("tables are vacuumed and analyzed every hour", async () => {
  await cp(inject("emptyFolder"), folder, { recursive: true });
  vi.useFakeTimers({ toFake: ["setInterval"] });
  const db = await openPglite(folder);
  await db.exec(
    "create table counted as select n from generate_series(1, 1000) as n; delete from counted where n > 10",
  );
  const readCount = async () => {
    const [counted] = await db.query<{ rows: number }>(
      "select reltuples::integer as rows from pg_class where relname = 'counted'",
    );
    return counted?.rows;
  };
  expect(await readCount()).toBe(-1); // never
  vi.advanceTimersByTime(60 * 60 * 1000);
  vi.useRealTimers();
  await vi.waitFor(async () => expect(await readCount()).toBe(10), patience);
  await db.close();
});
