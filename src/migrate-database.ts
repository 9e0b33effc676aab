import { checkPostgres } from "./check-setup.ts";
import { variables } from "./config-variables.ts";
import { connectPostgres } from "./connect-postgres.ts";
import { SetupError } from "./setup-error.ts";

/**
 * Applies the missing migrations to the Postgres at `url`, the value of DATABASE_URL, and returns their file names. A server does this when it starts,
 * functions never do.
 */
export async function migrateDatabase(url: string | undefined): Promise<string[]> {
  if (!url)
    throw new SetupError(
      "DATABASE_URL is not set. Set it to the database's URL, postgres://user:password@host/database. A Supabase project shows it under Connect.",
    );
  const [fault] = variables.shape.DATABASE_URL.safeParse(url).error?.issues ?? [];
  if (fault) throw new SetupError(`DATABASE_URL ${fault.message}.`);
  const rows = connectPostgres(url);
  try {
    let applied: string[] = [];
    const problem = await checkPostgres(rows, (files) => (applied = files));
    if (problem) throw new SetupError(problem);
    return applied;
  } finally {
    await rows.close();
  }
}
