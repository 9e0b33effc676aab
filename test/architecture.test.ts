import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** The event types and their helpers. */
const events = ["src/lib/inngest/events.ts", "src/lib/inngest/events"];

/** What each part may import, besides itself. The longest prefix of a file's path is its part. */
const mayImport: Record<string, readonly string[]> = {
  "src/api": [], // runs in browsers
  "src/lib/records": [],
  "src/lib/inngest/events.ts": ["src/api", "src/lib/records", "src/lib/inngest/events"],
  "src/lib/inngest/events": ["src/lib/inngest/events.ts"],
  "src/lib/inngest/client.ts": ["src/lib/inngest/current-step.ts", "src/lib/inngest/step-errors.ts"],
  "src/lib/inngest/current-step.ts": [],
  "src/lib/inngest/describe-error.ts": [],
  "src/lib/inngest/step-errors.ts": ["src/lib/github", "src/lib/store"],
  "src/lib/inngest/send-events.ts": [...events],
  "src/lib/inngest/journal.ts": [...events, "src/lib/inngest/describe-error.ts", "src/lib/store"],
  "src/lib/inngest/resend-lost-events.ts": [...events, "src/lib/store"],
  "src/lib/inngest/outbox.ts": [
    ...events,
    "src/lib/inngest/describe-error.ts",
    "src/lib/inngest/resend-lost-events.ts",
    "src/lib/inngest/send-events.ts",
    "src/lib/store",
  ],
  "src/lib/inngest/queue": [
    "src/api",
    ...events,
    "src/lib/inngest/send-events.ts",
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/inngest/queue-manager.ts": [
    "src/api",
    ...events,
    "src/lib/inngest/queue",
    "src/lib/github",
    "src/lib/store",
    "src/queue.ts", // the ready instance, which calls a server
  ],
  "src/lib/alerts": ["src/lib/store"],
  "src/lib/inngest/captures": [
    ...events,
    "src/lib/inngest/current-step.ts",
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/inngest/reconcile": [
    "src/api",
    "src/lib/inngest/captures",
    ...events,
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/inngest/looks.ts": [
    ...events,
    "src/lib/inngest/describe-error.ts",
    "src/lib/inngest/reconcile",
    "src/lib/store",
  ],
  "src/lib/inngest/job-of-run.ts": ["src/lib/inngest/captures", ...events, "src/lib/store"],
  "src/lib/inngest/record-attempts.ts": [...events, "src/lib/inngest/job-of-run.ts", "src/lib/store"],
  "src/lib/inngest/log-captures.ts": [...events],
  "src/lib/tracing": ["src/lib/inngest/events"],
  "src/lib/inngest/encrypt-events.ts": [],
  "src/lib/inngest/trace-captures.ts": [
    "src/lib/tracing",
    "src/lib/inngest/describe-error.ts",
    "src/lib/inngest/events",
  ],
  "src/lib/inngest/sync": [
    "src/lib/inngest/captures",
    ...events,
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/inngest/functions": [
    "src/lib/alerts",
    "src/lib/inngest/captures",
    ...events,
    "src/lib/inngest/job-of-run.ts",
    "src/lib/inngest/log-captures.ts",
    "src/lib/inngest/reconcile",
    "src/lib/inngest/sync",
    "src/lib/github",
    "src/lib/records",
    "src/lib/store",
  ],
  "src/lib/redact.ts": [],
  "src/lib/collect-garbage.ts": [],
  "src/lib/github": ["src/lib/records", "src/lib/redact.ts"],
  "src/lib/store": ["src/api", "src/lib/records"],
  "src/lib/compare": ["src/api", "src/lib/github", "src/lib/records", "src/lib/store"],
  "src/lib/embedded": ["src/lib/collect-garbage.ts", "src/setup-error.ts"],
  "src/webhooks": [...events, "src/lib/records"],
  "src/app.ts": ["src/webhooks", ...events],
  "src/setup-error.ts": [],
  "src/environment-file.ts": ["src/setup-error.ts"],
  "src/config.ts": ["src/config-variables.ts", "src/setup-error.ts"],
  "src/config-variables.ts": [],
  "src/misspelled-variables.ts": ["src/config.ts"],
  "src/logger.ts": ["src/config.ts"],
  "src/http": [
    "src/api",
    "src/lib/compare",
    "src/lib/github",
    "src/lib/inngest",
    "src/lib/store",
    "src/lib/tracing",
    "src/services.ts",
    "src/setup",
    "src/setup-error.ts",
    "src/webhooks/parse-payload.ts",
  ],
  "src/setup": ["src/config.ts", "src/lib/github"],
  "src/probot.ts": ["src/config.ts", "src/logger.ts"],
  "src/inngest-dashboard.ts": ["src/config.ts"],
  "src/connect-inngest.ts": ["src/config.ts", "src/lib"],
  "src/connect-store.ts": ["src/config.ts", "src/lib"],
  "src/services.ts": [
    "src/app.ts",
    "src/config.ts",
    "src/connect-inngest.ts",
    "src/connect-store.ts",
    "src/http",
    "src/inngest-dashboard.ts",
    "src/lib",
    "src/logger.ts",
    "src/probot.ts",
  ],
  "src/connect-postgres.ts": ["src/lib/embedded", "src/setup-error.ts"],
  "src/server-services.ts": [
    "src/config.ts",
    "src/connect-postgres.ts",
    "src/lib/embedded",
    "src/logger.ts",
    "src/services.ts",
  ],
  "src/serverless.ts": [
    "src/config.ts",
    "src/connect-postgres.ts",
    "src/lib/embedded",
    "src/logger.ts",
    "src/misspelled-variables.ts",
    "src/services.ts",
  ],
  "src/check-setup.ts": ["src/config.ts", "src/lib", "src/setup-error.ts"],
  "src/webhook-proxy.ts": ["src/logger.ts"],
  "src/server.ts": ["src/start.ts"],
  "src/retry-pauses.ts": [],
  "src/register-functions.ts": ["src/logger.ts", "src/retry-pauses.ts"],
  "src/start-check.ts": [
    "src/check-setup.ts",
    "src/retry-pauses.ts",
    "src/services.ts",
    "src/setup-error.ts",
  ],
  "src/start.ts": [
    "src/check-setup.ts",
    "src/config.ts",
    "src/environment-file.ts",
    "src/http",
    "src/lib/collect-garbage.ts",
    "src/lib/embedded",
    "src/lib/github",
    "src/logger.ts",
    "src/misspelled-variables.ts",
    "src/register-functions.ts",
    "src/server-services.ts",
    "src/set-up.ts",
    "src/setup-error.ts",
    "src/start-check.ts",
    "src/webhook-proxy.ts",
  ],
  "src/set-up.ts": ["src/config.ts", "src/http", "src/lib/github", "src/logger.ts", "src/setup"],
  "src/client": ["src/api"],
  "src/console": ["src/api", "src/client"], // runs in browsers
  "src/queue.ts": ["src/api", "src/client", "src/lib/inngest/queue-manager.ts"],
  "src/cli.ts": ["src/cli/program.ts"],
  "src/cli/program.ts": [
    "package.json",
    "src/api",
    "src/cli",
    "src/client",
    "src/environment-file.ts",
    "src/setup-error.ts",
  ],
  "src/cli": ["src/api", "src/client", "src/doctor", "src/setup-error.ts"],
  "src/doctor": [
    "src/client/queue-client.ts",
    "src/connect-postgres.ts",
    "src/app.ts",
    "src/check-setup.ts",
    "src/config.ts",
    "src/lib",
    "src/misspelled-variables.ts",
    "src/setup-error.ts",
  ],
  "src/cli/migrate-command.ts": ["src/migrate-database.ts"],
  "src/migrate-database.ts": [
    "src/check-setup.ts",
    "src/config-variables.ts",
    "src/connect-postgres.ts",
    "src/setup-error.ts",
  ],
  "src/fake-github": [],
  "src/testing": [
    "src/app.ts",
    "src/config.ts",
    "src/fake-github",
    "src/http",
    "src/lib",
    "src/logger.ts",
    "src/server-services.ts",
    "src/services.ts",
  ],
  "src/demo": [
    "src/config.ts",
    "src/fake-github",
    "src/lib",
    "src/logger.ts",
    "src/services.ts",
    "src/testing",
  ],
  "netlify/functions": ["src/http", "src/serverless.ts"],
  scripts: ["src/config-variables.ts", "src/testing"],
  test: ["src", "scripts", "supabase/database-types.ts", "vite.config.ts"],
  bench: ["src", "scripts"],
};

const files = ["src", "netlify", "scripts", "test", "bench"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file)),
);

function partOf(file: string): string {
  const parts = Object.keys(mayImport).filter((part) => file === part || file.startsWith(`${part}/`));
  const [longest] = parts.toSorted((a, b) => b.length - a.length);
  if (!longest) throw new Error(`${file} belongs to no part: add it to mayImport.`);
  return longest;
}

test("each part imports only what it may", () => {
  const wrong = files.flatMap((file) => {
    const part = partOf(file);
    const allowed = [part, ...(mayImport[part] ?? [])];
    const imports = readFileSync(join(root, file), "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g);
    return [...imports]
      .map(([, path = ""]) => relative(root, join(root, dirname(file), path)))
      .filter((imported) => !allowed.some((each) => imported === each || imported.startsWith(`${each}/`)))
      .map((imported) => `${file} imports ${imported}`);
  });
  expect(wrong).toEqual([]);
});

test("only config.ts and the entry points read the environment", () => {
  const isProduct = (file: string) => /^(src|netlify)\/(?!demo|fake-github|testing)/.test(file);
  const readers = files
    .filter(isProduct)
    .filter((file) => readFileSync(join(root, file), "utf8").includes("process.env"));
  expect(readers.toSorted()).toEqual([
    "src/cli/program.ts",
    "src/queue.ts",
    "src/serverless.ts",
    "src/start.ts",
  ]);
});

const sources = files.filter((file) => file.startsWith("src/"));

test("only PGlite's worker, and the process that creates its folder, load it", () => {
  const importing = (pattern: RegExp) =>
    sources.filter((file) => pattern.test(readFileSync(join(root, file), "utf8")));
  expect(importing(/^import (?!type).* from "@electric-sql\/pglite"/m)).toEqual([
    "src/lib/embedded/pglite/open-database.ts",
  ]);
  expect(importing(/from ".*\/open-database\.ts"/)).toEqual([
    "src/lib/embedded/pglite/creation.ts",
    "src/lib/embedded/pglite/worker.ts",
  ]);
  expect(importing(/from ".*\/(creation|worker)\.ts"/)).toEqual([]);
});

/** All files and packages that a file loads on import, without those that it imports later or only as types. */
function loadedBy(entry: string, loaded = new Set<string>()): Set<string> {
  loaded.add(entry);
  const source = readFileSync(join(root, entry), "utf8");
  for (const [, type, path = ""] of source.matchAll(/^(?:im|ex)port (type )?[^;]*?from "([^"]+)";/gm)) {
    const imported = path.startsWith(".") ? relative(root, join(root, dirname(entry), path)) : path;
    if (type || loaded.has(imported)) continue;
    if (path.startsWith(".")) loadedBy(imported, loaded);
    else loaded.add(imported);
  }
  return loaded;
}

test("a start loads nothing that only some servers need", () => {
  const loaded = loadedBy("src/start.ts");
  expect(loaded).toContain("src/lib/inngest/functions/capture-pr-details.ts");
  expect(loaded).toContain("probot");
  const seldom =
    /^(@electric-sql\/|@inngest\/|@marcbachmann\/cel-js|@opentelemetry\/|prom-client|smee-client|yaml|src\/(demo|fake-github|setup|testing)\/|src\/lib\/embedded\/engine\/)/;
  expect([...loaded].filter((each) => seldom.test(each))).toEqual([]);
});

test("no two exports share a name", () => {
  const declared = /^export (?:abstract |async )*(?:const|let|class|interface|type|function\*?) (\w+)/gm;
  const filesOf = new Map<string, Set<string>>();
  for (const file of sources) {
    for (const [, name = ""] of readFileSync(join(root, file), "utf8").matchAll(declared))
      filesOf.set(name, (filesOf.get(name) ?? new Set()).add(file));
  }
  const shared = [...filesOf].filter(([, where]) => where.size > 1);
  expect(shared.map(([name, where]) => `${name} is exported by ${[...where].join(", ")}`)).toEqual([]);
});

const maxLines = 350;

test(`no source file is longer than ${maxLines} lines`, () => {
  const long = sources
    .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > maxLines);
  expect(long.map(({ file, lines }) => `${file} has ${lines} lines`)).toEqual([]);
});

test("every path in the table of CONTRIBUTING.md exists", () => {
  const [, table = ""] =
    /^## Where is it\?$([^#]*)/m.exec(readFileSync(join(root, "CONTRIBUTING.md"), "utf8")) ?? [];
  const cells = table.split("\n").flatMap((row) => row.split("|")[2] ?? []);
  const paths = cells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`|\]\(([^)#]+)/g)].map((match) => match[1] ?? match[2] ?? ""),
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
