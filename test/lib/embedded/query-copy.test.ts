import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import { createQueryCopy, type QueryCopy } from "../../../src/lib/embedded/query-copy.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { QueryError, runQuery } from "../../../src/lib/store/queries.ts";
import { createStore, StoreError, type Store } from "../../../src/lib/store/store.ts";
import { createDataFolder } from "../../support/data-folder.ts";

let folder: string;
let db: SqlDatabase;
let copy: QueryCopy;
let queries: Store;

beforeEach(async () => {
  folder = await createDataFolder();
  db = await openPglite(folder);
  if (!db.createCopy) throw new Error("PGlite has no copies.");
  copy = createQueryCopy(db.createCopy());
  queries = createStore({ url: "http://copy", serviceRoleKey: "copy", fetch: copy.fetch });
});
afterEach(async () => {
  await copy.close();
  await db.close();
  await rm(folder, { recursive: true });
});

async function count(): Promise<number> {
  const { rows } = await runQuery(queries, "select count(*) from github.accounts", 1);
  return Number(rows[0]?.[0]);
}

const insert = (ids: string) =>
  db.exec(
    `insert into github.accounts (id, login, seen_at) select n, repeat('x', 200), now() from generate_series(${ids}) as n`,
  );

test("a query sees every change that was committed before it, in old files, new files and those of the log", async () => {
  let expected = 0;
  for (let round = 0; round < 4; round++) {
    await insert(`${expected + 1}, ${expected + 3000}`);
    expected += 3000;
    expect(await count()).toBe(expected);
    if (round === 1) await db.exec("checkpoint");
    if (round === 2) await db.exec("vacuum full github.accounts"); // moves the rows to another file
  }
  await db.exec("delete from github.accounts");
  expect(await count()).toBe(0);
});

test("changes during a copy leave it consistent, and the database keeps working", async () => {
  let written = 0;
  const done = new AbortController();
  const writing = (async () => {
    while (!done.signal.aborted) {
      await insert(`${written + 1}, ${written + 50}`);
      written += 50;
      await setImmediate(); // PGlite itself never lets timers and files have a turn
    }
  })();
  let last = 0;
  for (let round = 0; round < 3; round++) {
    const before = written;
    const seen = await count();
    expect(seen % 50).toBe(0); // whole transactions
    expect(seen).toBeGreaterThanOrEqual(Math.max(before - 50, last));
    last = seen;
  }
  done.abort();
  await writing;
  expect(await count()).toBe(written);
});

test("a query that changes the copy's files leaves the next one a fresh copy, and closing removes it", async () => {
  expect(await count()).toBe(0);
  const place = join(folder, "postgres.copy");
  expect(existsSync(place)).toBe(true);
  await rm(join(place, "base"), { recursive: true });
  await insert("1, 10");
  expect(await count()).toBe(10);
  await copy.close();
  expect(existsSync(place)).toBe(false);
  await expect(count()).rejects.toThrow(StoreError);
});

test("of many simultaneous queries some are refused, and the others get their own answers", async () => {
  const asked = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => runQuery(queries, `select ${index}`, 1)),
  );
  const answered = asked.flatMap((each, index) =>
    each.status === "fulfilled" ? [[each.value.rows[0]?.[0], index]] : [],
  );
  expect(answered.length).toBeGreaterThanOrEqual(5);
  for (const [value, index] of answered) expect(value).toBe(String(index));
  for (const each of asked)
    if (each.status === "rejected") expect(each.reason).toMatchObject({ name: "StoreError", status: 503 });
});

test("a query that needs too much memory, or breaks its database, fails alone", async () => {
  await expect(
    runQuery(queries, "select length(string_agg(repeat('x', 1000000), '')) from generate_series(1, 2000)", 1),
  ).rejects.toThrow(QueryError);
  expect(await count()).toBe(0);
  await expect(runQuery(queries, `select 1${"+1".repeat(20_000)}`, 1)).rejects.toThrow(QueryError);
  expect(await count()).toBe(0);
});
