import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Client, DatabaseError } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { patience } from "../../support/patience.ts";
import { createDataFolder } from "../../support/data-folder.ts";

/** The embedded database's socket, as psql and other clients of Postgres use it while the server runs. */

/** Longer than the other statements take on a busy machine. */
const guestLimits = { maxHoldMs: 2_000, maxAnswerBytes: 1024 * 1024 };

let folder: string;
let db: SqlDatabase;
const warnings: string[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  folder = await createDataFolder({ migrated: false });
  db = await openPglite(folder, { guestLimits, warn: (sentence) => warnings.push(sentence) });
});
afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => db.exec("create table notes (text text)"));
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await db.exec("drop table notes");
});

async function connectClient(): Promise<Client> {
  const client = new Client({ host: join(folder, "socket"), user: "anyone", database: "anything" });
  client.on("error", () => {}); // the running query, or the next one, rejects
  await client.connect();
  clients.push(client);
  return client;
}

async function listNotes(): Promise<string[]> {
  return (await db.query<{ text: string }>("select text from notes order by 1")).map(({ text }) => text);
}

test("a client reads what the server wrote and writes what the server reads; others may not see the socket", async () => {
  const client = await connectClient();
  await db.query("insert into notes values ($1)", ["server"]);
  expect((await client.query("select text from notes")).rows).toEqual([{ text: "server" }]);
  await client.query("insert into notes values ($1)", ["client"]);
  expect(await listNotes()).toEqual(["client", "server"]);
  expect((await stat(join(folder, "socket"))).mode & 0o777).toBe(0o700);
});

test("clients and the server that query at once each get their own answers", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, connectClient));
  const queries = [
    ...all.map((client) => async (text: string) => (await client.query("select $1::text", [text])).rows),
    (text: string) => db.query("select $1::text", [text]),
  ];
  const query = async (index: number) => {
    for (let round = 0; round < 30; round++)
      expect(await queries[index]?.(`${index} ${round}`)).toEqual([{ text: `${index} ${round}` }]);
  };
  await Promise.all(Array.from(queries.keys(), query));
});

test("the server's statements work after a client discarded them, after an error, and by the hundred", async () => {
  const client = await connectClient();
  const echo = (n: number) => db.query<{ n: number }>("select $1::integer as n", [n]);
  expect(await Promise.all([1, 2, 3].map(echo))).toEqual([1, 2, 3].map((n) => [{ n }]));
  await client.query("select 1"); // its end discards what the session has prepared
  expect(await echo(4)).toEqual([{ n: 4 }]);

  const divide = (by: number) => db.query("select 1 / $1::integer as result", [by]);
  expect(await divide(1)).toEqual([{ result: 1 }]);
  for (const _ of [1, 2]) await expect(divide(0)).rejects.toThrow("division by zero");
  expect(await divide(1)).toEqual([{ result: 1 }]);
  await expect(db.query("select nothing where $1", [true])).rejects.toThrow('"nothing" does not exist');

  const queries = Array.from({ length: 300 }, (_, n) => `select $1::integer + ${n} as sum`);
  for (const _ of [1, 2])
    for (const [n, sql] of queries.entries()) expect(await db.query(sql, [1])).toEqual([{ sum: n + 1 }]);
});

test("a statement of the server works again after its table has changed", async () => {
  const read = () => db.query("select * from notes where $1", [true]);
  await db.query("insert into notes values ($1)", ["one"]);
  expect(await read()).toEqual([{ text: "one" }]);
  const client = await connectClient();
  await client.query("alter table notes add column more integer");
  await read().catch(() => {}); // Postgres may refuse the plan that it has
  expect(await read()).toEqual([{ text: "one", more: null }]);
});

test("a client's settings, temporary tables and prepared statements end with its transaction", async () => {
  const client = await connectClient();
  const [before] = await db.query("show search_path");
  await client.query("set search_path to nowhere");
  expect(await db.query("show search_path")).toEqual([before]);
  expect((await client.query("show search_path")).rows).toEqual([before]);
  await client.query("create temporary table notes (other text)");
  await expect(db.query("select other from notes")).rejects.toThrow('column "other" does not exist');
  await client.query("prepare one as select 1");
  await expect(db.query("execute one")).rejects.toThrow("does not exist");
});

test("others wait for a client's transaction, which is rolled back when the client goes away", async () => {
  const client = await connectClient();
  await client.query("begin");
  await client.query("insert into notes values ('lost')");
  const notes = listNotes();
  await client.end();
  expect(await notes).toEqual([]);
});

test("a client that stays in a transaction is disconnected, and its transaction rolled back", async () => {
  const client = await connectClient();
  const error = once(client, "error");
  await client.query("begin");
  await client.query("insert into notes values ('lost')");
  expect(await listNotes()).toEqual([]);
  expect(await error).toMatchObject([{ code: "25P04", message: expect.stringContaining("may last 2 s") }]);
  expect(warnings).toEqual([]);
});

test("a statement that runs for too long, or breaks PGlite, costs a restart of the database and no committed row", async () => {
  await db.exec("insert into notes values ('kept')");
  for (const [query, reason] of [
    [
      "select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b",
      "ran for more than 2 s",
    ],
    [`select 1${"+1".repeat(50_000)}`, "PGlite broke off a statement"],
  ] as const) {
    const client = await connectClient();
    await expect(client.query(query)).rejects.toThrow(/transaction timeout|Connection terminated/);
    await expect.poll(() => warnings.splice(0), patience).toEqual([expect.stringContaining(reason)]);
    await expect.poll(listNotes, patience).toEqual(["kept"]);
  }
});

test("a result that is too large for the server's memory fails, and the connection stays usable", async () => {
  const client = await connectClient();
  const notices: string[] = [];
  client.on("notice", ({ message = "" }) => notices.push(message));
  const large = client.query("select repeat('x', 100000) from generate_series(1, 10000)");
  await expect(large).rejects.toThrow("canceling statement");
  expect(notices).toEqual(["a result may have 1 MB: select fewer rows or columns"]);
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("copying from a client fails with Postgres's error, alone and in a transaction", async () => {
  const client = await connectClient();
  for (const query of ["copy notes from stdin", { text: "copy notes from stdin", name: "prepared" }]) {
    await expect(client.query(query)).rejects.toThrow("the embedded database cannot copy from a client");
    await client.query("begin");
    await expect(client.query(query)).rejects.toThrow(DatabaseError);
    await expect(client.query("select 1")).rejects.toThrow("current transaction is aborted");
    await client.query("rollback");
  }
  expect(await listNotes()).toEqual([]);
});

test("a request for encryption is declined, a cancellation closes, and bytes that are no message end the connection", async () => {
  const exchange = async (...hex: string[]) => {
    const socket = connect(join(folder, "socket", ".s.PGSQL.5432"));
    const received: Buffer[] = [];
    socket.on("data", (bytes) => received.push(bytes));
    for (const each of hex) {
      socket.write(Buffer.from(each, "hex"));
      if (each === "0000000804d2162f") await once(socket, "data");
    }
    await once(socket, "close");
    return Buffer.concat(received).toString();
  };
  const [encryption, cancellation, nonsense] = [
    "0000000804d2162f",
    "0000001004d2162e0000002a00000000",
    "00000001",
  ];
  expect(await exchange(encryption, cancellation)).toBe("N");
  expect(await exchange(nonsense)).toContain("invalid length of a message");
});
