import { defineConfig } from "vitest/config";

/** What opens no test database is not run twice: it has none, or a folder of PGlite's own. */
const PURE = [
  "test/*.test.ts",
  "test/app/{kill,start}.test.ts",
  "test/demo/**",
  "test/http/**",
  "test/lib/embedded/open-pglite.test.ts",
  "test/lib/github/**",
  "test/lib/inngest/**",
  "test/lib/records/**",
  "test/webhooks/**",
];

const postgresServer = process.env["TEST_DATABASE_URL"] ?? null;

if (postgresServer === null) {
  console.log(
    "Running on PGlite only. Set TEST_DATABASE_URL=postgres://user@host/postgres to run on that Postgres too.\n",
  );
}

const shared = { testTimeout: 60_000, hookTimeout: 60_000, sequence: { shuffle: true }, isolate: false };

export default defineConfig({
  test: {
    maxWorkers: "100%",
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
