import { defineConfig } from "vitest/config";

/** What never opens a database is not run twice. */
const PURE = ["test/webhooks/**", "test/lib/records/**"];

const postgresServer = process.env["TEST_DATABASE_URL"] ?? null;

if (postgresServer === null) {
  console.log(
    "Running on PGlite only. Set TEST_DATABASE_URL=postgres://user@host/postgres to run on that Postgres too.\n",
  );
}

const shared = { testTimeout: 60_000, hookTimeout: 60_000, sequence: { shuffle: true } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "pglite",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/support/pglite-snapshot.ts",
          provide: { postgresServer: null },
        },
      },
      ...(postgresServer === null
        ? []
        : [
            {
              test: {
                ...shared,
                name: "postgres",
                include: ["test/**/*.test.ts"],
                exclude: PURE,
                provide: { postgresServer },
              },
            },
          ]),
    ],
  },
});

declare module "vitest" {
  interface ProvidedContext {
    /** Null: the tests run on PGlite. */
    postgresServer: string | null;
  }
}
