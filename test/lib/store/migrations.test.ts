import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../../support/database.ts";

const supabase = join(import.meta.dirname, "../../../supabase");
const files = readdirSync(join(supabase, "migrations")).toSorted();
const read = (file: string) => readFileSync(join(supabase, "migrations", file), "utf8");

/**
 * Migrations are append-only: databases that have run a file do not run it again. To add a migration, append its line:
 * `cd supabase && sha256sum migrations/<new file> >> migrations.sha256`.
 */
test("a committed migration never changes, and supabase/migrations.sha256 lists each", () => {
  const lines = files.map(
    (file) => `${createHash("sha256").update(read(file)).digest("hex")}  migrations/${file}`,
  );
  expect(readFileSync(join(supabase, "migrations.sha256"), "utf8").trimEnd().split("\n")).toEqual(lines);
});

describe.each(files)("the migration %s", (file) => {
  test("has a version that is a real time", () => {
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)_[a-z_]+\.sql$/.exec(file) ?? [];
    const time = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
    expect(new Date(time).toISOString()).toBe(time);
  });

  test("ends by restricting access to its functions", () => {
    expect(read(file).trimEnd()).toMatch(/\n\nselect capture\.restrict_access\(\);$/);
  });

  test("enables row level security on each table that it creates", () => {
    const script = read(file);
    const tables = [...script.matchAll(/^create table (\S+)/gm)].map(([, table]) => table);
    const secured = [...script.matchAll(/^alter table (\S+) enable row level security;/gm)];
    expect(secured.map(([, table]) => table)).toEqual(tables);
  });
});

describe("the database after all migrations", () => {
  let db: SqlDatabase;

  beforeAll(async () => {
    db = await openTestDatabase();
  });
  afterAll(() => db.close());

  test.each([
    ["replace_installation", "installations"],
    ["replace_repository", "repositories"],
    ["replace_pull_request", "pull_requests"],
    ["replace_review", "reviews"],
    ["replace_comment", "comments"],
  ])("capture.%s writes every column of github.%s", async (name, table) => {
    const columns = await db.query(
      `select a.attname as forgotten from pg_attribute a, pg_proc p
       where a.attrelid = format('github.%I', $2::text)::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         and a.attname !~ 'captured_(at|by)$' -- a trigger writes them
         and p.proname = $1 and p.pronamespace = 'capture'::regnamespace
         and p.prosrc !~ ('\\mreplacement\\.' || a.attname || '\\M')`,
      [name, table],
    );
    expect(columns).toEqual([]); // call capture.create_replace_function again after adding a column
  });

  test("no index repeats the first columns of another", async () => {
    const redundant = await db.query(`
      select a.indexrelid::regclass::text as index, b.indexrelid::regclass::text as covered_by
      from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid
      join pg_class c on c.oid = a.indrelid
      where c.relnamespace in ('github'::regnamespace, 'capture'::regnamespace)
        and a.indpred is null and b.indpred is null and a.indexprs is null and b.indexprs is null and not a.indisunique
        and (b.indkey::text || ' ') like (a.indkey::text || ' %')
    `);
    expect(redundant).toEqual([]);
  });

  test("an index covers each foreign key", async () => {
    const uncovered = await db.query(`
      select k.conrelid::regclass::text as table, k.conname from pg_constraint k
      where k.contype = 'f' and k.connamespace in ('github'::regnamespace, 'capture'::regnamespace)
        and not exists (
          select from pg_index i where i.indrelid = k.conrelid and i.indpred is null
            and (i.indkey::text || ' ') like (array_to_string(k.conkey, ' ') || ' %')
        )
    `);
    expect(uncovered).toEqual([]);
  });
});
