import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../../support/database.ts";
import { inPayload, pullRequest } from "./observations.ts";

/** Supabase's roles, which are there before the migrations, and what it grants them of all that is made in `public`. */
const supabase = `
  do $$
  declare
    role text;
  begin
    foreach role in array array['anon', 'authenticated', 'service_role'] loop
      if not exists (select from pg_roles where rolname = role) then
        execute format('create role %I nologin noinherit', role);
      end if;
    end loop;
    alter role service_role bypassrls;
  end $$;
  grant usage on schema public to anon, authenticated, service_role;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
`;

const strangers = ["anon", "authenticated"];

let db: SqlDatabase;
let tables: string[];

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
  await db.exec(supabase);
  await migrate(db);
  const found = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('github', 'capture')`,
  );
  tables = found.map((table) => table.name);
});
afterAll(() => db.close());

/** Runs one statement as that role, and takes back what it did. */
async function as(role: string, sql: string, params: unknown[] = []): Promise<unknown[]> {
  const takeBack = new Error("taken back");
  let rows: unknown[] = [];
  const work = db.transaction(async (tx) => {
    await tx.exec(`set local role ${role}`);
    rows = await tx.query(sql, params);
    throw takeBack;
  });
  await work.catch((error: unknown) => {
    if (error !== takeBack) throw error;
  });
  return rows;
}

const permissionDenied = { code: "42501" };

test("there is something to protect", () => {
  expect(tables).toEqual(expect.arrayContaining(["github.pull_requests", "github.comments", "capture.jobs"]));
});

test("nobody but the owner and the service role may execute a capture_ function, also one added later", async () => {
  const open = await db.query(`
    select p.oid::regprocedure::text as function, coalesce(nullif(a.grantee, 0)::regrole::text, 'public') as grantee
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where (p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%' or p.pronamespace = 'capture'::regnamespace)
      and a.grantee <> p.proowner
      and not (p.pronamespace = 'public'::regnamespace and a.grantee = 'service_role'::regrole)
  `);
  expect(open).toEqual([]);
});

test("every capture_ function is the service role's to execute, also one added later", async () => {
  const closed = await db.query(`
    select p.oid::regprocedure::text as function from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'capture\\_%'
      and not has_function_privilege('service_role', p.oid, 'execute')
  `);
  expect(closed).toEqual([]);
});

test("row level security is on for every table, and no policy opens one", async () => {
  const open = await db.query(`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace in ('github'::regnamespace, 'capture'::regnamespace)
      and (not c.relrowsecurity or exists (select from pg_policy where polrelid = c.oid))
  `);
  expect(open).toEqual([]);
});

describe.each(strangers)("%s", (role) => {
  test("reads no table", async () => {
    for (const table of tables) {
      await expect(as(role, `select * from ${table}`)).rejects.toMatchObject(permissionDenied);
    }
  });

  test("sees no row even where a table was granted by mistake", async () => {
    await db.exec(`grant usage on schema github to ${role}; grant select on github.repositories to ${role}`);
    await db.exec("insert into github.repositories (id, seen_at) values (1, now())");
    expect(await as(role, "select * from github.repositories")).toEqual([]);
    await db.exec(
      `revoke all on github.repositories from ${role}; revoke usage on schema github from ${role}`,
    );
    await db.exec("delete from github.repositories");
  });

  test("executes no function", async () => {
    const merge = "select public.capture_merge_pull_request($1::jsonb, $2::jsonb)";
    const args = [JSON.stringify(inPayload(5)), JSON.stringify(pullRequest(5))];
    await expect(as(role, merge, args)).rejects.toMatchObject(permissionDenied);
    await expect(as(role, "select public.capture_queue_stats()")).rejects.toMatchObject(permissionDenied);
    await expect(as(role, "select capture.observe('{}')")).rejects.toMatchObject(permissionDenied);
  });
});

describe("the service role", () => {
  test("reads every table", async () => {
    await db.exec("insert into github.repositories (id, seen_at) values (1, now())");
    for (const table of tables) await as("service_role", `select * from ${table}`);
    expect(await as("service_role", "select id from github.repositories")).toEqual([{ id: 1 }]);
    await db.exec("delete from github.repositories");
  });

  test("writes no table", async () => {
    for (const table of tables) {
      const statements = [`delete from ${table}`, `truncate ${table}`, `insert into ${table} default values`];
      for (const statement of statements) {
        await expect(as("service_role", statement)).rejects.toMatchObject(permissionDenied);
      }
    }
  });

  test("writes through the functions", async () => {
    const merge = "select public.capture_merge_pull_request($1::jsonb, $2::jsonb) as outcome";
    const args = [JSON.stringify(inPayload(5)), JSON.stringify(pullRequest(5))];
    expect(await as("service_role", merge, args)).toMatchObject([{ outcome: { outcome: "newer" } }]);
  });

  test("does not execute what the functions are made of", async () => {
    await expect(as("service_role", "select capture.observe('{}')")).rejects.toMatchObject(permissionDenied);
  });
});

test("without Supabase's roles the same migrations run, and their absence opens nothing", async () => {
  const plain = await openTestDatabase();
  const open = await plain.query(`
    select p.oid::regprocedure::text from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.proname like 'capture\\_%' and a.grantee = 0
  `);
  expect(open).toEqual([]);
  await plain.close();
});
