import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sqlAnswerSchema, sqlSchemaAnswerSchema } from "../../src/api/console-contract.ts";
import { migrate } from "../../src/lib/embedded/migrate.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { runCli } from "../support/run-cli.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

const adminToken = "a token of the administrators";
const hugeId = "9007199254740993"; // Number cannot hold it

const isPostgres = inject("postgresServer") !== null;

let database: SqlDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  app = await startApp(database, { INNGEST_DEV: "1", ADMIN_TOKEN: adminToken });
  await database.exec(`
    insert into github.accounts (id, login, type, seen_at) values (${hugeId}, 'ann', 'User', '2026-01-02T03:04:05Z');
    insert into github.repositories (id, owner, name, seen_at) values (1, 'acme', 'web', '2026-01-01');
    insert into github.pull_requests (repository_id, number, title, body, labels)
      select 1, n, 'Title ' || n, case n when 1 then e'a "quote", a \\\\ and\\na line' when 2 then '' end, array['a b', 'c']
      from generate_series(1, 20) as n;
  `);
});
afterAll(async () => {
  await app.close();
  await database.close();
});

async function ask(method: string, path: string, body?: unknown, token = adminToken) {
  const response = await fetch(`${app.url}/api/sql${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer: any = await response.json(); // oxlint-disable-line typescript/no-explicit-any -- the test says what it expects
  return { status: response.status, body: answer };
}

async function select(query: string, limit?: number) {
  const { status, body } = await ask("POST", "", { query, ...(limit && { limit }) });
  expect({ status, body }).toMatchObject({ status: 200 });
  return sqlAnswerSchema.parse(body);
}

async function refusal(query: string): Promise<string> {
  const { status, body } = await ask("POST", "", { query });
  expect({ status, body }).toMatchObject({ status: 400, body: { status: 400 } });
  return body.detail;
}

/** The advisory locks that sessions hold, and the large objects. */
async function leftBehind() {
  const [row] = await database.query(
    `select (select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())) as locks,
            (select count(*) from pg_largeobject_metadata) as objects`,
  );
  return row;
}

test("values are the text that psql shows, with exact ids, and columns have names and types", async () => {
  const answer = await select(`
    select a.id, p.body, p.labels, a.seen_at, p.draft, 0.1::float8, jsonb '{"a": [1, null]}' as j, true as bool, '\\x00ff'::bytea as raw, null as id
    from github.accounts a, github.pull_requests p where p.number in (1, 2, 3) order by p.number
  `);
  expect(answer.columns).toEqual([
    { name: "id", type: "bigint" },
    { name: "body", type: "text" },
    { name: "labels", type: "text[]" },
    { name: "seen_at", type: "timestamp with time zone" },
    { name: "draft", type: "boolean" },
    { name: "float8", type: "double precision" },
    { name: "j", type: "jsonb" },
    { name: "bool", type: "boolean" },
    { name: "raw", type: "bytea" },
    { name: "id", type: "text" },
  ]);
  const common = [
    '{"a b",c}',
    "2026-01-02 03:04:05+00",
    null,
    "0.1",
    '{"a": [1, null]}',
    "t",
    "\\x00ff",
    null,
  ];
  expect(answer.rows).toEqual([
    [hugeId, 'a "quote", a \\ and\na line', ...common],
    [hugeId, "", ...common],
    [hugeId, null, ...common],
  ]);
  expect(answer).toMatchObject({ truncated: false, duration_ms: expect.any(Number) });
});

test("an empty result keeps its columns, and rows without columns stay rows", async () => {
  expect(await select('select number, title as "a ""b"" <c>" from pull_requests where false')).toMatchObject({
    columns: [
      { name: "number", type: "integer" },
      { name: 'a "b" <c>', type: "text" },
    ],
    rows: [],
  });
  expect((await select("select from generate_series(1, 2)")).rows).toEqual([[], []]);
  expect((await select("select null")).rows).toEqual([[null]]);
});

test("at most `limit` rows are returned, and `truncated` says whether there are more", async () => {
  const query = "select number from github.pull_requests order by number";
  expect(await select(query, 19)).toMatchObject({ truncated: true, rows: { length: 19 } });
  expect(await select(query, 20)).toMatchObject({ truncated: false, rows: { length: 20 } });
  const large = await select("select repeat('x', 1000000) from generate_series(1, 100)", 10_000);
  expect(large.truncated).toBe(true);
  expect(large.rows.length).toBeLessThan(20);
});

test("with, values, table, explain and show are queries too", async () => {
  expect((await select("values (1), (2);")).rows).toEqual([["1"], ["2"]]);
  expect((await select("table github.accounts")).rows).toHaveLength(1);
  expect((await select("with x as (select 1) select * from x -- comment")).rows).toEqual([["1"]]);
  expect((await select("explain select * from github.accounts")).columns).toEqual([
    { name: "QUERY PLAN", type: "text" },
  ]);
  expect((await select("show transaction_read_only")).rows).toEqual([["on"]]);
});

test("a query sees what was committed before it", async () => {
  const count = async () => (await select("select count(*) from github.accounts")).rows[0]?.[0];
  expect(await count()).toBe("1");
  await database.exec("insert into github.accounts (id, seen_at) values (2, now())");
  expect(await count()).toBe("2");
  await database.exec("delete from github.accounts where id = 2");
  expect(await count()).toBe("1");
});

test("an error is 400 with Postgres's message and its place, and without a stack", async () => {
  expect(await refusal("selec 1")).toBe('syntax error at or near "selec" (line 1, column 1).');
  expect(await refusal("select 'é',\n  nope from github.accounts")).toContain(
    'column "nope" does not exist (line 2, column 3).',
  );
  expect(await refusal("select 1 / 0")).toBe("division by zero.");
  expect(await refusal("select $1")).toContain("there is no parameter $1");
  for (const query of ["", "x".repeat(50_001), null])
    expect((await ask("POST", "", { query })).status).toBe(400);
  expect((await ask("POST", "", { query: "select 1", limit: 10_001 })).status).toBe(400);
  expect((await ask("POST", "", { query: "select 1" }, "wrong")).status).toBe(401);
});

describe("a query cannot write:", () => {
  const statements: [query: string, refusal: RegExp][] = [
    ["insert into github.accounts (id, seen_at) values (3, now())", /cannot open INSERT/],
    ["update github.accounts set login = 'x'", /cannot open UPDATE/],
    ["delete from github.accounts returning 1", /permission denied|read-only/],
    [
      "with gone as (delete from github.accounts returning 1) select * from gone",
      /permission denied|read-only/,
    ],
    ["explain analyze delete from github.accounts", /permission denied|read-only/],
    ["select * from github.accounts for update", /permission denied|read-only/],
    ["select 1 into copied", /cannot open SELECT INTO/],
    ["create temp table t (a integer)", /cannot open CREATE TABLE/],
    ["truncate github.accounts", /cannot open TRUNCATE/],
    ["drop table github.accounts", /cannot open DROP TABLE/],
    ["lock table github.accounts", /cannot open LOCK TABLE/],
    ["copy github.accounts to stdout", /cannot open COPY/],
    ["copy (select 1) to program 'id'", /cannot open COPY/],
    ["do $$ begin end $$", /cannot open DO/],
    ["grant all on github.accounts to public", /cannot open GRANT/],
    ["alter role pr_capture_reader superuser", /cannot open ALTER ROLE/],
    [
      "alter function capture.run_query(text, integer) owner to pr_capture_reader",
      /cannot open ALTER FUNCTION/,
    ],
    ["vacuum", /cannot open VACUUM/],
    ["select nextval('capture.jobs_id_seq')", /permission denied|read-only/],
    ["select setval('capture.jobs_id_seq', 1)", /permission denied|read-only/],
    [
      "select query_to_xml('delete from github.accounts', true, true, '')",
      /not allowed|read-only|permission/,
    ],
    ["select lo_import('/etc/passwd')", /permission denied/],
  ];
  test.each(statements)("%s", async (query, expected) => {
    expect(await refusal(query)).toMatch(expected);
    expect((await select("select count(*) from github.accounts")).rows).toEqual([["1"]]);
  });
});

describe("a query cannot become more than a query:", () => {
  const escapes: [query: string, refusal: RegExp][] = [
    ["select 1; select 2", /multi-query/],
    ["select 1; drop table github.accounts", /multi-query/],
    ["commit; delete from github.accounts", /multi-query/],
    ["commit", /cannot open COMMIT/],
    ["rollback", /cannot open ROLLBACK/],
    ["set role postgres", /cannot open SET/],
    ["reset role", /cannot open RESET/],
    ["reset session authorization", /cannot open RESET/],
    ["prepare x as select 1", /cannot open PREPARE/],
    ["fetch all from result", /cannot open FETCH/],
    ["-- nothing", /multi-query/],
    ["select set_config('role', 'postgres', false)", /cannot set parameter "role"/],
    ["select set_config('role', 'none', true)", /cannot set parameter "role"/],
    ["select set_config('session_authorization', 'postgres', true)", /cannot set parameter/],
    ["select set_config('transaction_read_only', 'off', true)", /cannot set transaction read-write mode/],
    ["select set_config('session_replication_role', 'replica', true)", /permission denied/],
    ["select public.capture_queue_stats()", /permission denied/],
    ["select public.capture_cancel_pending_jobs()", /permission denied/],
    ["select capture.restrict_access()", /permission denied/],
    ["select * from supabase_migrations.schema_migrations", /permission denied/],
    ["select * from pg_authid", /permission denied/],
    ["select pg_read_file('/etc/passwd')", /permission denied/],
    ["select pg_ls_dir('.')", /permission denied/],
    ["select pg_reload_conf()", /permission denied/],
    [
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> 0",
      /must be|permission denied|terminate/i,
    ],
    ["select pg_cancel_backend(pg_backend_pid())", /must be|permission denied|cancel/i],
  ];
  test.each(escapes)("%s", async (query, expected) => {
    if (!isPostgres && /pg_(terminate|cancel)_backend/.test(query)) return; // PGlite has no other backend
    expect(await refusal(query)).toMatch(expected);
  });

  test("it runs as the reader, in every nesting", async () => {
    expect((await select("select current_user")).rows).toEqual([["pr_capture_reader"]]);
    expect((await select("select capture.run_query('select current_user', 1) ->> 'rows'")).rows).toEqual([
      ['["(pr_capture_reader)"]'],
    ]);
  });
});

test("a query leaves no lock, setting, notification or large object behind", async () => {
  const before = await leftBehind();
  await select(
    "select pg_advisory_lock(1), pg_advisory_lock_shared(2), pg_try_advisory_lock(3, 4), pg_advisory_xact_lock(5)",
  );
  await refusal("select pg_advisory_lock(6), 1 / (random() * 0)::integer");
  await select(
    "select set_config('search_path', 'nowhere', false), set_config('default_transaction_read_only', 'on', false)",
  );
  await ask("POST", "", { query: "select lo_from_bytea(0, 'x')" });
  expect(await leftBehind()).toEqual(before);
  for (let connection = 0; connection < 8; connection++)
    expect(await database.query("select current_setting('default_transaction_read_only') as value")).toEqual([
      { value: "off" },
    ]);
  expect((await select("select current_setting('search_path')")).rows).toEqual([["github, capture"]]);
});

test("a query cannot read the request that PostgREST keeps in settings", async () => {
  const read = `select capture_query($$ select current_setting('request.headers', true) || set_config('request.headers', null, true) $$, 1) as answer`;
  const answer = await database.transaction(async (tx) => {
    await tx.query(`select set_config('request.headers', '{"apikey": "the secret key"}', true)`);
    return tx.query(read);
  });
  expect(JSON.stringify(answer)).toContain("rows");
  expect(JSON.stringify(answer)).not.toContain("the secret key");
});

test("a query that takes longer than 5 seconds is stopped, while the server answers others", async () => {
  const slow = refusal("select count(*) from generate_series(1, 1e12::bigint)");
  let asked = 0;
  const isDone = slow.then(() => true);
  while (!(await Promise.race([isDone, Promise.resolve(false)]))) {
    const health = await fetch(`${app.url}/healthz`);
    await health.text();
    asked++;
  }
  expect(await slow).toBe("The query was stopped after 5 seconds.");
  expect(asked).toBeGreaterThan(10);
  expect(await refusal("select pg_sleep(60)")).toBe("The query was stopped after 5 seconds.");
  expect((await select("select 1")).rows).toEqual([["1"]]);
});

test("a query that is too large fails alone", async () => {
  await refusal(`select 1${"+1".repeat(20_000)}`).catch(() => "a larger server can run it");
  await ask("POST", "", {
    query: "select length(string_agg(repeat('x', 1000000), '')) from generate_series(1, 2000)",
  });
  expect((await select("select 1")).rows).toEqual([["1"]]);
});

test("the schema lists the tables that queries can read, with their comments", async () => {
  const { tables } = sqlSchemaAnswerSchema.parse((await ask("GET", "/schema")).body);
  expect(tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual(
    expect.arrayContaining(["github.pull_requests", "github.comments", "capture.jobs", "capture.coverage"]),
  );
  expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(["github", "capture"]));
  const pullRequests = tables.find(({ name }) => name === "pull_requests");
  expect(pullRequests?.columns).toContainEqual({ name: "labels", type: "text[]", comment: "Names, sorted." });
  for (const { schema, name } of tables) await select(`select count(*) from ${schema}.${name}`);
});

test("the CLI prints a table, CSV or JSON", async () => {
  const cli = (...args: string[]) => runCli({ url: app.url, adminToken }, args);
  const query = "select number, title, body from github.pull_requests where number in (1, 3) order by 1";
  expect((await cli("sql", query)).out).toBe(
    [
      "number  title    body",
      '1       Title 1  a "quote", a \\ and\\na line',
      "3       Title 3",
      "2 rows",
      "",
    ].join("\n"),
  );
  expect((await cli("sql", query, "--csv")).out).toBe(
    'number,title,body\n1,Title 1,"a ""quote"", a \\ and\na line"\n3,Title 3,\n',
  );
  expect(JSON.parse((await cli("sql", query, "--json", "--limit", "1")).out)).toMatchObject({
    rows: [["1", "Title 1", expect.any(String)]],
    truncated: true,
  });
  expect((await cli("sql", "select 1 as a from generate_series(1, 3)", "--limit", "2")).out).toContain(
    "2 rows, and more",
  );
  expect(await cli("sql", "drop table github.accounts")).toMatchObject({
    code: 1,
    err: expect.stringContaining("A query must be a single statement that returns rows."),
  });
});

describe.runIf(isPostgres)("on a Postgres whose user is no superuser", () => {
  test("queries run if the user can create roles, or else say what an administrator has to run", async () => {
    const server = inject("postgresServer") ?? "";
    const admin = openPostgres(server);
    const [role, name] = ["test_plain_user", "test_plain_database"];
    await admin.exec(`drop database if exists ${name}`);
    await admin.exec(`drop role if exists ${role}`);
    await admin.exec(`create role ${role} login password 'plain'`);
    await admin.exec(`create database ${name} owner ${role}`);
    const url = new URL(server);
    [url.pathname, url.username, url.password] = [name, role, "plain"];
    const plain = openPostgres(url.href);
    const owner = openPostgres(Object.assign(new URL(server), { pathname: name }).href);
    try {
      await migrate(plain);
      const query = () =>
        plain.query("select public.capture_query('select current_user', 1) ->> 'rows' as rows");
      await expect(query()).rejects.toThrow(
        /grant pr_capture_reader to test_plain_user; Then run as that user: select capture.restrict_access\(\);/,
      );
      await admin.exec(`grant pr_capture_reader to ${role}`);
      await plain.query("select capture.restrict_access()");
      expect(await query()).toEqual([{ rows: '["(pr_capture_reader)"]' }]);
      expect(
        await plain.query(
          "select public.capture_query('select count(*) from github.accounts', 1) ->> 'rows' as rows",
        ),
      ).toEqual([{ rows: '["(0)"]' }]);
    } finally {
      await plain.close();
      await owner.close();
      await admin.exec(`drop database ${name} with (force)`);
      await admin.exec(`drop role ${role}`);
      await admin.close();
    }
  });
});
