import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase, resetDatabase } from "../support/database.ts";
import { supabaseGrants, supabaseRoles } from "../support/supabase-roles.ts";
import { supabaseSchemas } from "../support/supabase-schemas.ts";

/** supabase/optional, on Supabase's roles and the parts of its schemas that these files use. */

const folder = join(import.meta.dirname, "../../supabase/optional");
const read = (file: string) => readFile(join(folder, file), "utf8");

/** Signed in with GitHub: ann; with an e-mail address only: ben. */
const ann = "00000000-0000-4000-8000-00000000000a";
const ben = "00000000-0000-4000-8000-00000000000b";

const publicRepository = 1;
const privateRepository = 2;
const unknownRepository = 3;

let db: SqlDatabase;

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
  await db.exec(supabaseRoles + supabaseGrants + supabaseSchemas);
  await migrate(db);
  for (const file of ["signed-in-readers.sql", "broadcast-pull-requests.sql"]) {
    await db.exec(await read(file));
    await db.exec(await read(file)); // again
  }
});
beforeEach(async () => {
  await db.exec(`
    insert into auth.users values ('${ann}'), ('${ben}');
    insert into auth.identities values ('${ann}', 'github', '11'), ('${ben}', 'email', '${ben}');
    insert into github.accounts (id, login, seen_at) values (11, 'ann', now());
    insert into github.repositories (id, owner, name, private, seen_at) values
      (${publicRepository}, 'acme', 'web', false, now()),
      (${privateRepository}, 'acme', 'secret', true, now()),
      (${unknownRepository}, 'acme', 'unknown', null, now());
    insert into github.pull_requests (repository_id, number) select id, 7 from github.repositories;
    insert into github.pull_request_files (repository_id, pull_request_number, filename) select id, 7, 'a.ts' from github.repositories;
    insert into github.reviews (id, repository_id, pull_request_number, submitted_at, clock) select id, id, 7, now(), now() from github.repositories;
    insert into github.comments (kind, id, repository_id, pull_request_number, created_at, updated_at)
      select 'issue', id, id, 7, now(), now() from github.repositories;
  `);
});
afterEach(async () => {
  await resetDatabase(db);
  await db.exec(
    "delete from auth.users; delete from access.visible_repositories; delete from realtime.messages",
  );
});
afterAll(() => db.close());

/** Runs a statement with that role as PostgREST does, and rolls it back. */
async function as(role: string, userId: string | null, sql: string, topic = ""): Promise<unknown[]> {
  const rollBack = new Error("rolled back");
  let rows: unknown[] = [];
  const work = db.transaction(async (tx) => {
    const claims = JSON.stringify({ role, ...(userId && { sub: userId }) });
    await tx.query(
      "select set_config('request.jwt.claims', $1, true), set_config('realtime.topic', $2, true)",
      [claims, topic],
    );
    await tx.exec(`set local role ${role}`);
    rows = await tx.query(sql);
    throw rollBack;
  });
  await work.catch((error: unknown) => {
    if (error !== rollBack) throw error;
  });
  return rows;
}

/** The repositories whose rows the user sees in each table. */
async function visibleTo(userId: string): Promise<Record<string, unknown[]>> {
  const columns = {
    repositories: "id",
    pull_requests: "repository_id",
    pull_request_files: "repository_id",
    reviews: "repository_id",
    comments: "repository_id",
  };
  const visible: Record<string, unknown[]> = {};
  for (const [table, column] of Object.entries(columns)) {
    const rows = await as("authenticated", userId, `select ${column} as id from github.${table} order by 1`);
    visible[table] = rows.map((row) => (row as { id: number }).id);
  }
  return visible;
}

const inEveryTable = (...ids: number[]) => ({
  repositories: ids,
  pull_requests: ids,
  pull_request_files: ids,
  reviews: ids,
  comments: ids,
});

const setVisible = (userId: string, ids: number[]) =>
  db.query("select public.capture_set_visible_repositories($1, $2)", [userId, ids]);

describe("signed-in-readers.sql", () => {
  test("a user of GitHub sees the rows of public repositories, and of no others", async () => {
    expect(await visibleTo(ann)).toEqual(inEveryTable(publicRepository));
    expect(await as("authenticated", ann, "select login from github.accounts")).toEqual([{ login: "ann" }]);
  });

  test("a private repository is visible for a day after it was recorded for the user", async () => {
    await setVisible(ann, [privateRepository]);
    expect(await visibleTo(ann)).toEqual(inEveryTable(publicRepository, privateRepository));
    await db.exec("update access.visible_repositories set recorded_at = recorded_at - interval '25 hours'");
    expect(await visibleTo(ann)).toEqual(inEveryTable(publicRepository));
  });

  test("recording replaces what was recorded before", async () => {
    await setVisible(ann, [privateRepository]);
    await setVisible(ann, [unknownRepository, unknownRepository]);
    expect(await visibleTo(ann)).toEqual(inEveryTable(publicRepository, unknownRepository));
  });

  test("a user who did not sign in with GitHub sees nothing", async () => {
    await setVisible(ben, [privateRepository]);
    expect(await visibleTo(ben)).toEqual(inEveryTable());
    expect(await as("authenticated", ben, "select from github.accounts")).toEqual([]);
  });

  test.each([
    ["anon", "select from github.pull_requests"],
    ["authenticated", "update github.pull_requests set title = 'mine'"],
    ["authenticated", "select from github.installations"],
    ["authenticated", "select from capture.jobs"],
    ["authenticated", "select from access.visible_repositories"],
    ["authenticated", `select public.capture_set_visible_repositories('${ann}', '{2}')`],
  ])("%s may not: %s", async (role, sql) => {
    await expect(as(role, ann, sql)).rejects.toMatchObject({ code: "42501" });
  });

  test("the service role records what users can see", async () => {
    const record = `select public.capture_set_visible_repositories('${ann}', '{2}') is null as recorded`;
    expect(await as("service_role", null, record)).toEqual([{ recorded: false }]);
  });
});

describe("broadcast-pull-requests.sql", () => {
  const messages = async () =>
    db.query("select topic, event, private, payload ->> 'state' as state from realtime.messages");

  beforeEach(() => db.exec("delete from realtime.messages"));

  test("a changed pull request is broadcast to its repository's private topic, a confirmed one is not", async () => {
    await db.exec("update github.pull_requests set details_fetched_at = now()");
    expect(await messages()).toEqual([]);
    await db.exec(
      `update github.pull_requests set state = 'closed' where repository_id = ${privateRepository}`,
    );
    expect(await messages()).toEqual([
      { topic: "repository:2", event: "pull_request", private: true, state: "closed" },
    ]);
  });

  test("a pull request that cannot be broadcast is stored", async () => {
    await db.exec("alter function realtime.send rename to sends");
    await db.exec("insert into github.pull_requests (repository_id, number, state) values (1, 8, 'open')");
    await db.exec("alter function realtime.sends rename to send");
    expect(await db.query("select state from github.pull_requests where number = 8")).toEqual([
      { state: "open" },
    ]);
  });

  test("a user may join the topics of the repositories that they can see", async () => {
    await db.exec("update github.pull_requests set state = 'closed'");
    const joins = async (topic: string) =>
      (await as("authenticated", ann, "select from realtime.messages", topic)).length > 0;
    expect(await joins("repository:1")).toBe(true);
    expect(await joins("repository:2")).toBe(false);
    expect(await joins("another topic")).toBe(false);
    await setVisible(ann, [privateRepository]);
    expect(await joins("repository:2")).toBe(true);
  });
});
