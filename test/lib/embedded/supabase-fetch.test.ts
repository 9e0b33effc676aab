import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgres } from "../../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../../src/lib/embedded/sql-database.ts";
import { createSupabaseFetch } from "../../../src/lib/embedded/supabase-fetch.ts";
import { openTestDatabase } from "../../support/database.ts";

const FUNCTIONS = `
  create function capture_describe(p_number bigint, p_title text default 'untitled', p_labels jsonb default '[]')
  returns jsonb language sql as $$
    select jsonb_build_object('number', p_number, 'title', p_title, 'labels', p_labels)
  $$;
  create function capture_sum(p_numbers int[]) returns bigint language sql as $$
    select sum(n) from unnest(p_numbers) as n
  $$;
  create function capture_nothing() returns jsonb language sql as 'select null::jsonb';
  create function capture_void() returns void language sql as '';
  create function capture_raise(p_code text) returns jsonb language plpgsql as $$
    begin
      raise exception 'it went wrong' using errcode = p_code, detail = 'the detail', hint = 'the hint';
    end
  $$;
  create function unrelated() returns int language sql as 'select 1';
`;

let db: SqlDatabase;
let supabase: SupabaseClient;

beforeAll(async () => {
  db = await openTestDatabase({ migrated: false });
  await db.exec(FUNCTIONS);
  supabase = connect(db);
});

afterAll(() => db.close());

function connect(database: SqlDatabase): SupabaseClient {
  return createClient("http://localhost", "unused", {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: createSupabaseFetch(database) },
  });
}

test("a call answers the function's JSON", async () => {
  const labels = [{ name: 'quo"te' }, { name: "emoji 🎉" }];
  const { data, status } = await supabase.rpc("capture_describe", {
    p_number: 7,
    p_title: "Fix",
    p_labels: labels,
  });
  expect({ data, status }).toEqual({ data: { number: 7, title: "Fix", labels }, status: 200 });
});

test("a missing argument has its default, and null stays null", async () => {
  expect((await supabase.rpc("capture_describe", { p_number: 7 })).data).toMatchObject({ title: "untitled" });
  expect((await supabase.rpc("capture_describe", { p_number: 7, p_title: null })).data).toMatchObject({
    title: null,
  });
});

test("arrays and large numbers are passed exactly", async () => {
  expect((await supabase.rpc("capture_sum", { p_numbers: [1, 2, 3] })).data).toBe(6);
  expect((await supabase.rpc("capture_describe", { p_number: 9_007_199_254_740_991 })).data).toMatchObject({
    number: 9_007_199_254_740_991,
  });
});

test("functions without arguments or result can be called", async () => {
  expect(await supabase.rpc("capture_nothing")).toMatchObject({ data: null, error: null });
  expect(await supabase.rpc("capture_void")).toMatchObject({ error: null });
});

test.each([
  ["22023", 400],
  ["P0001", 400],
  ["42501", 403],
  ["42883", 404],
  ["23505", 409],
  ["40001", 500],
  ["PT418", 418],
])("SQLSTATE %s is answered %i with Postgres's message", async (code, status) => {
  const answer = await supabase.rpc("capture_raise", { p_code: code });
  expect(answer).toMatchObject({
    data: null,
    status,
    error: { code, message: "it went wrong", details: "the detail", hint: "the hint" },
  });
});

test("an unknown function is answered 404 until it is created", async () => {
  expect(await supabase.rpc("capture_later", { p_a: 1 })).toMatchObject({
    status: 404,
    error: { code: "PGRST202", message: "There is no function public.capture_later(p_a)." },
  });
  await db.exec("create function capture_later(p_a int) returns int language sql as 'select p_a'");
  expect((await supabase.rpc("capture_later", { p_a: 1 })).data).toBe(1);
});

test("a call with too many or too few arguments is answered 404", async () => {
  expect(await supabase.rpc("capture_sum", { p_numbers: [1], p_extra: 1 })).toMatchObject({ status: 404 });
  expect(await supabase.rpc("capture_sum", {})).toMatchObject({ status: 404, error: { code: "42883" } });
});

test("only functions named capture_… can be called", async () => {
  expect(await supabase.rpc("unrelated")).toMatchObject({ status: 404 });
  expect(await supabase.from("pull_requests").select()).toMatchObject({
    status: 404,
    error: { code: "PGRST125" },
  });
});

test("an argument of the wrong type is answered 400", async () => {
  expect(await supabase.rpc("capture_sum", { p_numbers: ["one"] })).toMatchObject({
    status: 400,
    error: { code: "22P02" },
  });
});

test("a call without a database is answered 503", async () => {
  const nowhere = openPostgres("postgres://user:secret@127.0.0.1:1/nowhere");
  const answer = await connect(nowhere).rpc("capture_nothing");
  expect(answer).toMatchObject({ status: 503, error: { code: "PGRST000" } });
  expect(nowhere.description).toBe("Postgres (127.0.0.1:1/nowhere)");
  await nowhere.close();
});
