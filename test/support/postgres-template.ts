import { randomUUID } from "node:crypto";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/lib/embedded/migrate.ts";
import { openPostgres } from "../../src/lib/embedded/open-postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A migrated database on the Postgres server, as the template of others: faster than migrating each. */
    postgresTemplate: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = new URL(process.env["TEST_DATABASE_URL"] ?? "");
  const admin = openPostgres(url.href);
  const template = `test_template_${randomUUID().replaceAll("-", "")}`;
  await admin.exec(`create database ${template}`);
  url.pathname = template;
  const db = openPostgres(url.href);
  await migrate(db);
  await db.close();
  project.provide("postgresTemplate", template);
  return async () => {
    await admin.exec(`drop database ${template}`);
    await admin.close();
  };
}
