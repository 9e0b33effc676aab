import { checkPostgresVersion, checkSupabase, explainPostgres } from "../check-setup.ts";
import type { Config } from "../config.ts";
import { connectPostgres } from "../connect-postgres.ts";
import { listMissingMigrations } from "../lib/embedded/migrate.ts";
import { createServiceFetch } from "../lib/redact.ts";
import { createStore } from "../lib/store/store.ts";
import { SetupError } from "../setup-error.ts";
import { failed, failedSetup, passed, warning, type CheckResult } from "./check-result.ts";

const subject = "Database";

/** Checks that the database can be used and has every migration. Changes nothing. */
export async function checkDatabase({ database, dataDir }: Config): Promise<CheckResult[]> {
  if (database.kind === "pglite")
    return [passed(subject, `PGlite in ${dataDir}, which the server opens and migrates.`)];
  try {
    return database.kind === "supabase"
      ? [await checkProject(database)]
      : await checkPostgresServer(database.url);
  } catch (error) {
    if (error instanceof SetupError) return [failedSetup(subject, error.message, remedies[database.kind])];
    throw error;
  }
}

const remedies = {
  supabase: "Check SUPABASE_URL and the network. A paused project does not answer.",
  postgres:
    "Correct DATABASE_URL. docs/deploy/vm.md#3-create-the-database creates the role and the database.",
} as const;

async function checkProject(project: { url: string; serviceRoleKey: string }): Promise<CheckResult> {
  const problem = await checkSupabase(
    createStore({ ...project, fetch: createServiceFetch(project.serviceRoleKey) }),
  );
  return problem === null
    ? passed(subject, `The project at ${new URL(project.url).host} answers and has the migrations.`)
    : failedSetup(subject, problem, remedies.supabase);
}

async function checkPostgresServer(url: string): Promise<CheckResult[]> {
  const rows = connectPostgres(url);
  try {
    await checkPostgresVersion(rows);
    const missing = await listMissingMigrations(rows);
    return [
      passed(subject, `${rows.description} answers.`),
      missing.length === 0
        ? passed("Migrations", "All are applied.")
        : warning(
            "Migrations",
            `${missing.length} are missing, from ${missing[0]} on.`,
            "The server applies them when it starts. For functions, apply them first.",
          ),
    ];
  } catch (error) {
    const problem = explainPostgres(error, rows.description); // throws what waiting cannot fix
    return [failed(subject, problem, "Start Postgres, and check the host, the port and the firewall.")];
  } finally {
    await rows.close();
  }
}
