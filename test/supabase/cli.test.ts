import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { supabaseGrants, supabaseRoles } from "../support/supabase-roles.ts";
import { supabaseSchemas } from "../support/supabase-schemas.ts";

/** The Supabase CLI, on a Postgres with Supabase's roles and default privileges, as an owner who is no superuser. */

const root = join(import.meta.dirname, "../..");
const cli = join(root, "node_modules/.bin/supabase");
/** The name of the database, and of its owner. */
const name = `supabase_${randomUUID().replaceAll("-", "")}`;

let home: string;
let admin: SqlDatabase;
let superuser: SqlDatabase;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "pr-capture-supabase-"));
  admin = openPostgres(urlOf());
  await admin.exec(`${supabaseRoles} create role ${name} login createrole bypassrls password 'secret'`);
  await admin.exec(`create database ${name} owner ${name}`);
  superuser = openPostgres(urlOf({ database: name }));
  await superuser.exec(`set role ${name}; ${supabaseGrants} ${supabaseSchemas}`);
});
afterAll(async () => {
  await superuser.close();
  await admin.exec(`drop database ${name} with (force)`);
  await admin.exec(`drop role ${name}`);
  await admin.close();
  await rm(home, { recursive: true });
});

function urlOf({ user, database }: { user?: string; database?: string } = {}): string {
  const url = new URL(inject("postgresServer") ?? "");
  if (user) Object.assign(url, { username: user, password: "secret" });
  if (database) url.pathname = database;
  url.searchParams.set("sslmode", "disable");
  return url.href;
}

/** Runs `supabase db …` as that user, and resolves with what it printed. Rejects with it when the exit code is not 0. */
async function supabase(args: string[], user?: string): Promise<string> {
  const database = ["--workdir", root, "--yes", "--db-url", urlOf({ database: name, ...(user && { user }) })];
  const env = { PATH: process.env["PATH"], HOME: home, DO_NOT_TRACK: "1" };
  return new Promise((resolve, reject) => {
    execFile(cli, ["db", ...args, ...database], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`supabase db ${args.join(" ")} failed:\n${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
  });
}

test.skipIf(!existsSync(cli))(
  "db push applies every migration; of these and the optional files, db lint and db advisors warn of nothing",
  async (context) => {
    const pushed = await supabase(["push"], name);
    for (const file of readdirSync(join(root, "supabase/migrations"))) expect(pushed).toContain(file);
    expect(await supabase(["push"], name)).toContain("up to date");
    const optional = ["signed-in-readers.sql", "broadcast-pull-requests.sql"].map((file) =>
      readFileSync(join(root, "supabase/optional", file), "utf8"),
    );
    await superuser.exec(`set role ${name}; ${optional.join("\n")}`);
    await supabase(["advisors", "--type", "all", "--level", "warn", "--fail-on", "warn"]);

    const [checker] = await superuser.query(
      "select from pg_available_extensions where name = 'plpgsql_check'",
    );
    if (!checker)
      context.skip(
        "Functions are not linted. To lint them, install postgresql-15-plpgsql-check, or that of the server's version.",
      );
    await supabase(["lint", "--level", "warning", "--fail-on", "warning"]);
  },
);
