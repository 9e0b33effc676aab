import type { Command } from "commander";

export interface MigrateTools {
  /** The value of DATABASE_URL. */
  databaseUrl: string | undefined;
  print: (answer: unknown, sentence: () => string) => void;
  toExamples: (...commands: string[]) => string;
}

/** Adds the command that migrates the database itself, without a server. It loads the server's modules only when it runs. */
export function addMigrateCommand(program: Command, { databaseUrl, print, toExamples }: MigrateTools): void {
  program
    .command("migrate")
    .description("apply the missing migrations to the database of DATABASE_URL")
    .addHelpText(
      "after",
      `
A server migrates its database when it starts. Functions do not: run this before you deploy them. Migrations that
"supabase db push" applied count too.
${toExamples("migrate", "migrate --json")}`,
    )
    .action(async () => {
      const { migrateDatabase } = await import("../migrate-database.ts");
      const applied = await migrateDatabase(databaseUrl);
      print({ applied }, () =>
        applied.length === 0
          ? "The database is up to date."
          : applied.map((file) => `Applied ${file}`).join("\n"),
      );
    });
}
