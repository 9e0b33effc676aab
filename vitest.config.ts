import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * What is not about the database is not run twice: it opens none, or a folder of PGlite's own, or is about what is asked of GitHub. The SQL
 * that it ends in has its tests in test/lib/store.
 */
const notAboutTheDatabase = [
  "test/*.test.ts",
  "test/app/{alerts,captures,cli,examples,fuzz,installations,kill,limits,reconcile,start,storm}.test.ts",
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

/** nock replaces what others have imported already, so its tests have their modules to themselves. All others share them. */
const withNock = ["test/app/examples.test.ts", "test/lib/github/**/*.test.ts"];

function projectsOn(database: "pglite" | "postgres", url: string | null, exclude: string[]) {
  const shared = {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { shuffle: { tests: true, files: false } },
    provide: { postgresServer: url },
    ...(database === "pglite" && { globalSetup: "test/support/pglite-snapshot.ts" }),
  };
  return [
    {
      test: {
        ...shared,
        name: database,
        include: ["test/**/*.test.ts"],
        exclude: [...exclude, ...withNock],
        isolate: false,
      },
    },
    { test: { ...shared, name: `${database}, nock`, include: withNock, exclude, isolate: true } },
  ];
}

export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1, // tests wait for seconds to end and processes to start

    projects: [
      ...projectsOn("pglite", null, []),
      ...(postgresServer === null ? [] : projectsOn("postgres", postgresServer, notAboutTheDatabase)),
    ],
  },
});

declare module "vitest" {
  interface ProvidedContext {
    /** Null: the tests run on PGlite. */
    postgresServer: string | null;
  }
}
