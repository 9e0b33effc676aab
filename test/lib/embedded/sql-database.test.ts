import { afterAll, beforeAll, expect, test } from "vitest";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../../support/database.ts";

let db: SqlDatabase;

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
  await db.exec("create table notes (text text)");
});

afterAll(() => db.close());

test("a transaction commits completely or not at all", async () => {
  await db.transaction((tx) => tx.query("insert into notes values ($1)", ["kept"]));
  const failed = db.transaction(async (tx) => {
    await tx.query("insert into notes values ('lost')");
    throw new Error("on second thoughts");
  });
  await expect(failed).rejects.toThrow("on second thoughts");
  expect(await db.query("select text from notes")).toEqual([{ text: "kept" }]);
});

test("bigint is a number, jsonb is parsed, a timestamp is a Date", async () => {
  const [row] = await db.query("select 5::bigint as n, '{\"a\": 1}'::jsonb as j, 'epoch'::timestamptz as t");
  expect(row).toEqual({ n: 5, j: { a: 1 }, t: new Date(0) });
});

test("a lock has one holder until it is released", async () => {
  const lock = await db.tryLock("one");
  expect(lock).not.toBeNull();
  expect(await db.tryLock("one")).toBeNull();
  const other = await db.tryLock("another");
  expect(other).not.toBeNull();
  await lock?.release();
  const again = await db.tryLock("one");
  expect(again).not.toBeNull();
  await again?.release();
  await other?.release();
});
