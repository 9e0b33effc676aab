import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listMissingMigrations, migrate } from "../../../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../../support/database.ts";

let db: SqlDatabase;
let folder: string;

beforeEach(async () => {
  db = await openTestDatabase({ migrated: false });
  folder = await mkdtemp(join(tmpdir(), "migrations-"));
  await write("20260102000000_second.sql", "insert into things values ('second')");
  await write(
    "20260101000000_first.sql",
    "create table things (name text); insert into things values ('first')",
  );
  await write("notes.md", "not a migration");
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

const write = (file: string, text: string) => writeFile(join(folder, file), text);
const run = () => migrate(db, pathToFileURL(`${folder}/`));
const things = async () =>
  (await db.query<{ name: string }>("select name from things")).map((row) => row.name);

test("migrations run once, oldest first, and are recorded where the Supabase CLI looks", async () => {
  expect(await run()).toEqual(["20260101000000_first.sql", "20260102000000_second.sql"]);
  expect(await run()).toEqual([]);
  expect(await things()).toEqual(["first", "second"]);
  expect(
    await db.query("select version, name from supabase_migrations.schema_migrations order by version"),
  ).toEqual([
    { version: "20260101000000", name: "first" },
    { version: "20260102000000", name: "second" },
  ]);
});

test("missing migrations are listed without applying them", async () => {
  const list = () => listMissingMigrations(db, pathToFileURL(`${folder}/`));
  const all = ["20260101000000_first.sql", "20260102000000_second.sql"];
  expect(await list()).toEqual(all);
  expect(await list()).toEqual(all);
  await run();
  expect(await list()).toEqual([]);
});

test("a migration that another tool applied is skipped", async () => {
  await run();
  await write("20260103000000_third.sql", "insert into things values ('third')");
  await db.query("insert into supabase_migrations.schema_migrations (version) values ('20260103000000')");
  expect(await run()).toEqual([]);
});

test("a migration that fails is rolled back, named, and run again later", async () => {
  await write("20260103000000_third.sql", "insert into things values ('third'); select 1 / 0");
  await expect(run()).rejects.toThrow("The migration 20260103000000_third.sql failed: division by zero");
  expect(await things()).toEqual(["first", "second"]);
  await write("20260103000000_third.sql", "insert into things values ('third')");
  expect(await run()).toEqual(["20260103000000_third.sql"]);
});

test("two concurrent starts apply each migration once", async () => {
  const applied = await Promise.all([run(), run()]);
  expect(applied.flat().toSorted()).toEqual(["20260101000000_first.sql", "20260102000000_second.sql"]);
  expect(await things()).toEqual(["first", "second"]);
});

test("this project's migrations apply once", async () => {
  expect(await migrate(db)).not.toEqual([]);
  expect(await migrate(db)).toEqual([]);
});
