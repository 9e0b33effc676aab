import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../../support/database.ts";
import { supabaseGrants, supabaseRoles } from "../../support/supabase-roles.ts";
import { inPayload, pullRequest } from "./observations.ts";

const strangers = ["anon", "authenticated"];

let db: SqlDatabase;
let tables: string[];

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
  await db.exec(supabaseRoles + supabaseGrants);
  await migrate(db);
  const found = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('github', 'capture')`,
  );
  tables = found.map((table) => table.name);
});
afterAll(() => db.close());

/** Runs one statement as that role, and rolls it back. */
async function as(role: string, sql: string, params: unknown[] = []): Promise<unknown[]> {
  const rollBack = new Error("rolled back");
  let rows: unknown[] = [];
  const work = db.transaction(async (tx) => {
    await tx.exec(`set local role ${role}`);
    rows = await tx.query(sql, params);
    throw rollBack;
  });
  await work.catch((error: unknown) => {
    if (error !== rollBack) throw error;
  });
  return rows;
}

const permissionDenied = { code: "42501" };

test("the tables of both schemas are tested", () => {
  expect(tables).toEqual(expect.arrayContaining(["github.pull_requests", "github.comments", "capture.jobs"]));
});

/** The functions that a role other than the owner and the service role can execute, and those that the service role cannot. */
async function misgrantedFunctions(): Promise<unknown[]> {
  return db.query(`
    select p.oid::regprocedure::text as function, coalesce(nullif(a.grantee, 0)::regrole::text, 'public') as grantee
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where (p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%' or p.pronamespace = 'capture'::regnamespace)
      and a.grantee <> p.proowner
      and not (p.pronamespace = 'public'::regnamespace and a.grantee = 'service_role'::regrole)
    union all
    select p.oid::regprocedure::text, 'not the service role' from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%'
      and not has_function_privilege('service_role', p.oid, 'execute')
  `);
}

test("only the service role can execute a capture_ function", async () => {
  expect(await misgrantedFunctions()).toEqual([]);
});

test("only the service role can execute a function that a later migration adds", async () => {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  const later = `
    create function public.capture_later() returns integer language sql security definer set search_path = '' as 'select 1';
    create function capture.later() returns integer language sql set search_path = '' as 'select 1';
    select capture.restrict_access();`;
  await writeFile(join(folder, "29990101000000_later.sql"), later);
  expect(await migrate(db, pathToFileURL(`${folder}/`))).toEqual(["29990101000000_later.sql"]);
  expect(await misgrantedFunctions()).toEqual([]);
  for (const role of strangers)
    await expect(as(role, "select public.capture_later()")).rejects.toMatchObject(permissionDenied);
  expect(await as("service_role", "select public.capture_later() as one")).toEqual([{ one: 1 }]);
  await db.exec("drop function public.capture_later(); drop function capture.later()");
  await rm(folder, { recursive: true });
});

test("functions of other applications keep their access", async () => {
  await db.exec(`
    create function public.of_another_application() returns integer language sql as 'select 1';
    select capture.restrict_access();
  `);
  expect(await as("anon", "select public.of_another_application() as one")).toEqual([{ one: 1 }]);
  await db.exec("drop function public.of_another_application()");
});

test("row level security is enabled on every table, and the only policy is that of queries", async () => {
  const open = await db.query(`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace in ('github'::regnamespace, 'capture'::regnamespace)
      and (not c.relrowsecurity or exists (select from pg_policy where polname <> 'queries' and polrelid = c.oid))
  `);
  expect(open).toEqual([]);
});

describe.each(strangers)("%s", (role) => {
  test("cannot read a table", async () => {
    for (const table of tables) {
      await expect(as(role, `select * from ${table}`)).rejects.toMatchObject(permissionDenied);
    }
  });

  test("sees no rows of a table that was granted by mistake", async () => {
    await db.exec(`grant usage on schema github to ${role}; grant select on github.repositories to ${role}`);
    await db.exec("insert into github.repositories (id, seen_at) values (1, now())");
    expect(await as(role, "select * from github.repositories")).toEqual([]);
    await db.exec(
      `revoke all on github.repositories from ${role}; revoke usage on schema github from ${role}`,
    );
    await db.exec("delete from github.repositories");
  });

  test("cannot execute a function", async () => {
    const merge = "select public.capture_merge_pull_request($1::jsonb, $2::jsonb)";
    const args = [JSON.stringify(inPayload(5)), JSON.stringify(pullRequest(5))];
    await expect(as(role, merge, args)).rejects.toMatchObject(permissionDenied);
    await expect(as(role, "select public.capture_queue_stats()")).rejects.toMatchObject(permissionDenied);
    await expect(as(role, "select capture.begin_write('{}')")).rejects.toMatchObject(permissionDenied);
  });
});

describe("the service role", () => {
  test("can read every table", async () => {
    await db.exec("insert into github.repositories (id, seen_at) values (1, now())");
    for (const table of tables) await as("service_role", `select * from ${table}`);
    expect(await as("service_role", "select id from github.repositories")).toEqual([{ id: 1 }]);
    await db.exec("delete from github.repositories");
  });

  test("cannot write a table", async () => {
    for (const table of tables) {
      const statements = [`delete from ${table}`, `truncate ${table}`, `insert into ${table} default values`];
      for (const statement of statements) {
        await expect(as("service_role", statement)).rejects.toMatchObject(permissionDenied);
      }
    }
  });

  test("can write through the functions", async () => {
    const merge = "select public.capture_merge_pull_request($1::jsonb, $2::jsonb) as outcome";
    const args = [JSON.stringify(inPayload(5)), JSON.stringify(pullRequest(5))];
    expect(await as("service_role", merge, args)).toMatchObject([{ outcome: { outcome: "newer" } }]);
  });

  test("cannot execute the internal functions", async () => {
    await expect(as("service_role", "select capture.begin_write('{}')")).rejects.toMatchObject(
      permissionDenied,
    );
  });
});

test("the statements of docs/operations.md let a role read GitHub's rows, and nothing else", async () => {
  const docs = await readFile("docs/operations.md", "utf8");
  const [, statements = ""] = /^## Let another role read$[^#]*?```sql\n(.*?)```/ms.exec(docs) ?? [];
  const role = `dashboard_${randomUUID().replaceAll("-", "")}`; // roles are shared by the databases of a server
  const [create = "", ...others] = statements.replaceAll("dashboard", role).split(/(?<=;)\n\n/);
  await db.exec(create);
  await db.exec(others.join("\n"));
  await db.exec(others.join("\n")); // again, as after an upgrade
  await db.exec("insert into github.repositories (id, seen_at) values (1, now())");

  expect(await as(role, "select id from github.repositories")).toEqual([{ id: 1 }]);
  for (const table of tables.filter((name) => name.startsWith("github."))) {
    await as(role, `select * from ${table}`);
    await expect(as(role, `delete from ${table}`)).rejects.toMatchObject(permissionDenied);
  }
  await expect(as(role, "select * from capture.jobs")).rejects.toMatchObject(permissionDenied);
  await expect(as(role, "select public.capture_queue_stats()")).rejects.toMatchObject(permissionDenied);

  await db.exec(`delete from github.repositories; drop owned by ${role}; drop role ${role}`);
});

test("the migrations run without Supabase's roles, and PUBLIC can execute nothing", async () => {
  const plain = await openTestDatabase();
  const open = await plain.query(`
    select p.oid::regprocedure::text from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.proname like 'capture\\_%' and a.grantee = 0
  `);
  expect(open).toEqual([]);
  await plain.close();
});
