import { existsSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { findChromium } from "./src/testing/find-chromium.ts";

/**
 * These files run on PGlite only. They open no database, need PGlite's own folder, or test requests and processes rather than SQL. Files that
 * merge rows concurrently run on Postgres too, where they can deadlock.
 */
const notAboutTheDatabase = [
  "test/*.test.ts",
  "test/app/{acknowledgement,alerts,cli,clock,compare,credentials,data-folder,doctor,encryption,enterprise,environment,examples,fuzz,inngest-server,installations,kill,leniency,limits,listings,live,reconcile,reconcile-many,renames,secrets,session,signing-key,start,storm,sync,sync-hangs,sync-isolation,sync-large-lists,sync-partial-answers,traces,webhook-proxy}.test.ts",
  "test/demo/**",
  "test/fake-github/**",
  "test/http/**",
  "test/setup/**",
  "test/lib/embedded/{open-pglite,query-copy,socket}.test.ts",
  "test/lib/github/**",
  "test/lib/inngest/**",
  "test/lib/records/**",
  "test/netlify/**",
  "test/supabase/database-types.test.ts",
  "test/webhooks/**",
];

/** These files need a Postgres server. */
const needsPostgres = ["test/supabase/{cli,migrate}.test.ts"];

/** Tests copy databases, each of a thousand files. Where there is a file system in memory, this takes a third of the time. */
const memoryFolder = "/dev/shm";
const neededBytes = 2 * 1024 ** 3;

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

if (!process.env["TMPDIR"] && existsSync(memoryFolder) && freeBytes(memoryFolder) > neededBytes)
  process.env["TMPDIR"] = memoryFolder;

const postgresServer = process.env["TEST_DATABASE_URL"] ?? null;

if (postgresServer === null) {
  console.log(
    "Running on PGlite only. Set TEST_DATABASE_URL=postgres://user@host/postgres to run on that Postgres too.\n",
  );
}

const chromium = findChromium();

if (chromium === null)
  console.log("Skipping the tests of the console. Install Chromium, or set CHROMIUM_PATH, to run them.\n");

/** These files drive a browser. */
const inBrowser = ["test/console/**/*.test.ts"];

/** nock patches modules on import, so its files are isolated. All other files of a worker share their modules and a PGlite. */
const withNock = ["test/app/examples.test.ts", "test/lib/github/**/*.test.ts"];

/** These files mostly wait, for processes or for GitHub's replicas. They start first, so other files run meanwhile. */
const waitingFiles = /\/test\/app\/(storm|kill|credentials|environment|data-folder|cli)\.test\.ts$/;

class WaitingFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files); // oxlint-disable-line unicorn/no-array-sort -- not an array's
    const { waiting = [], busy = [] } = Object.groupBy(sorted, ({ moduleId }) =>
      waitingFiles.test(moduleId) ? "waiting" : "busy",
    );
    return [...waiting, ...busy];
  }
}

function projectsOn(database: "pglite" | "postgres", url: string | null, exclude: string[]) {
  const shared = {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxConcurrency: 2, // concurrent tests start processes
    sequence: { shuffle: { tests: true, files: false } },
    provide: { postgresServer: url },
    ...(database === "postgres" && { globalSetup: "test/support/postgres-template.ts" }),
  };
  return [
    {
      test: {
        ...shared,
        name: database,
        include: ["test/**/*.test.ts"],
        exclude: [...exclude, ...withNock, ...inBrowser],
        isolate: false,
      },
    },
    { test: { ...shared, name: `${database}, nock`, include: withNock, exclude, isolate: true } },
  ];
}

const consoleProject = {
  test: {
    name: "console",
    include: inBrowser,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    sequence: { groupOrder: 1 }, // after the other projects: these tests need the processor for Chromium, and time live updates
    maxWorkers: 2,
    provide: { postgresServer: null },
    globalSetup: "test/support/build-console.ts",
  },
};

export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1, // some tests wait
    sequence: { sequencer: WaitingFilesFirst },
    globalSetup: "test/support/pglite-snapshot.ts",
    projects: [
      ...projectsOn("pglite", null, needsPostgres),
      ...(chromium === null ? [] : [consoleProject]),
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
