import { generateTypescript, sortGeneratorMetadata } from "@supabase/postgrest-typegen/generation";
import { introspect } from "@supabase/postgrest-typegen/introspection";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { Database } from "../../supabase/database-types.ts";
import { openTestDatabase } from "../support/database.ts";

let database: SqlDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** What `supabase gen types --schema github` prints. */
async function generateTypes(): Promise<string> {
  const queryable = { query: async (sql: string) => ({ rows: await database.query(sql) }) };
  const metadata = await introspect(queryable, { includedSchemas: ["github"] });
  return generateTypescript(sortGeneratorMetadata(metadata), {});
}

test("supabase/database-types.ts describes the migrated schema; npx vitest run -u test/supabase updates it", async () => {
  const types = await generateTypes();
  await expect(types).toMatchFileSnapshot("../../supabase/database-types.ts");
});

test("supabase-js knows the columns of a query", async () => {
  const supabase = createClient<Database>("http://localhost", "key", {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: async () => Response.json([{ number: 7, merged_at: null }]) },
  });
  const { data } = await supabase.schema("github").from("pull_requests").select("number, merged_at");
  expectTypeOf(data).toEqualTypeOf<{ number: number; merged_at: string | null }[] | null>();
  expect(data).toEqual([{ number: 7, merged_at: null }]);
});
