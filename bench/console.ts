/**
 * Measures every API call of the console's page with 100,000 pull requests and 100,000 jobs over HTTP: on PGlite in a folder, like a small
 * installation, and in a temporary database on the Postgres server of TEST_DATABASE_URL.
 *
 * The pull requests are those of the benchmark of gaps. One of 50 jobs has failed or is retrying, three quarters ended in the last day.
 *
 * Then Chromium opens the page, where there is one. `npm run build` has to have built it.
 *
 * ms       the median time from the request to the last byte of the answer
 * slowest  the slowest of these requests
 * paint    the median time from opening a view to the first text on the screen, with an empty cache
 * data     the same to the view's data
 */
import { listen } from "../src/http/server.ts";
import { migrate } from "../src/lib/embedded/migrate.ts";
import type { SqlDatabase } from "../src/lib/embedded/sql-database.ts";
import { createLogger } from "../src/logger.ts";
import { createServices } from "../src/server-services.ts";
import { percentile } from "../src/testing/percentile.ts";
import { printTable } from "../src/testing/print-table.ts";
import { print } from "../src/testing/print.ts";
import { testConfig } from "../src/testing/test-config.ts";
import { createDatabaseOn, openFolder } from "./support/bench-databases.ts";
import { fillHistory } from "./support/fill-history.ts";
import { fillJobs } from "./support/fill-jobs.ts";
import { measureFirstPaints, type Paint } from "./support/first-paint.ts";
import { planHistory } from "./support/planted-gaps.ts";

const total = 100_000;
const seed = 1;
const warmUps = 2;
const rounds = 7;
const goalMs = 300;
const paintGoalMs = 1_000;
const adminToken = "the token of the benchmark";

interface Measured {
  ms: number;
  slowest: number;
}

interface Call {
  name: string;
  path: string;
  /** Makes it a POST. */
  body?: object;
}

const { repositories, pullRequests } = planHistory(seed, total);
const repository = `acme/${repositories[0]?.name ?? ""}`;
const calls: Call[] = [
  { name: "overview, 24 hours", path: "/overview" },
  { name: "overview, 7 days", path: "/overview?hours=168" },
  { name: "repositories", path: "/repositories" },
  { name: "gaps of a repository", path: `/analyze?repository=${repository}` },
  { name: "counts", path: "/queue/stats" },
  { name: "jobs", path: "/queue/jobs?limit=200" },
  { name: "jobs, deep in the list", path: `/queue/jobs?limit=200&before=${total / 20}` },
  { name: "jobs, failed", path: "/queue/jobs?limit=200&state=failed" },
  { name: "jobs of a repository", path: `/queue/jobs?limit=200&repository=${repository}` },
  { name: "jobs for a reason", path: "/queue/jobs?limit=200&reason=backfill" },
  { name: "jobs for a reason that none has", path: "/queue/jobs?limit=200&reason=install" },
  { name: "jobs with a text", path: "/queue/jobs?limit=200&text=answered%20404" },
  { name: "jobs with a text that none has", path: "/queue/jobs?limit=200&text=nowhere" },
  { name: "number of jobs", path: "/queue/jobs/count" },
  { name: "number of jobs of a function", path: "/queue/jobs/count?function=capture/pr.details" },
  { name: "number of jobs with a text", path: "/queue/jobs/count?text=nowhere" },
  { name: "one job", path: "/queue/jobs/50" },
  { name: "failures", path: "/queue/failures" },
  { name: "pull requests", path: "/pull-requests" },
  { name: "pull requests of a repository", path: `/pull-requests?repository=${repository}` },
  { name: "pull requests with a title that none has", path: "/pull-requests?text=nowhere" },
  { name: "one pull request", path: `/pull-requests/${repository}/7` },
  { name: "tables", path: "/sql/schema" },
  {
    name: "query",
    path: "/sql",
    body: { query: "select state, count(*) from github.pull_requests group by state" },
  },
];

const results = new Map<string, Measured[]>(calls.map(({ name }) => [name, []]));
const paints: (Paint & { database: string })[] = [];
const databases = ["PGlite"];
await measure(openFolder);
const server = process.env["TEST_DATABASE_URL"];
if (server) {
  databases.push("Postgres");
  await measure(() => createDatabaseOn(server));
}

printTable(
  ["", ...databases.flatMap((name) => [`${name}, ms`, "slowest"])],
  [...results].map(([name, measured]) => [
    name,
    ...measured.flatMap(({ ms, slowest }) => [ms.toFixed(0), slowest.toFixed(0)]),
  ]),
);
if (!server) print("Postgres is skipped: TEST_DATABASE_URL is not set.");
const slowest = Math.max(...[...results.values()].flat().map(({ ms }) => ms));
print(
  `Goal: every call in less than ${goalMs} ms: ${slowest.toFixed(0)} ms, ${slowest < goalMs ? "met" : "missed"}.`,
);
if (slowest >= goalMs) process.exitCode = 1;

print();
if (paints.length === 0) print("First paint is skipped: there is no Chromium. Set CHROMIUM_PATH.");
else {
  printTable(
    ["", "paint, ms", "data, ms"],
    paints.map(({ database, view, firstPaintMs, dataMs }) => [
      `${view} on ${database}`,
      firstPaintMs.toFixed(0),
      dataMs.toFixed(0),
    ]),
  );
  const latest = Math.max(...paints.map(({ firstPaintMs }) => firstPaintMs));
  print(
    `Goal: first paint in less than ${paintGoalMs} ms: ${latest.toFixed(0)} ms, ${latest < paintGoalMs ? "met" : "missed"}.`,
  );
  if (!(latest < paintGoalMs)) process.exitCode = 1;
}

async function measure(open: () => Promise<SqlDatabase>): Promise<void> {
  const db = await open();
  await migrate(db);
  await fillHistory(db, repositories, pullRequests);
  await fillJobs(db, total);
  await db.exec("vacuum analyze"); // like autovacuum, or the hourly vacuum of PGlite
  const config = testConfig({ ADMIN_TOKEN: adminToken, PORT: "0" });
  const services = await createServices(config, createLogger("silent"), db);
  const running = await listen(services, config);
  try {
    for (const { name, path, body } of calls) {
      const times: number[] = [];
      for (let round = -warmUps; round < rounds; round++) {
        const begin = performance.now();
        await ask(`${running.url}/api${path}`, body);
        if (round >= 0) times.push(performance.now() - begin);
      }
      results.get(name)?.push({ ms: percentile(times, 0.5), slowest: Math.max(...times) });
    }
    const measured = await measureFirstPaints(running.url, adminToken);
    paints.push(...(measured ?? []).map((paint) => ({ ...paint, database: databases.at(-1) ?? "" })));
  } finally {
    await running.close(1_000);
    await services.close(1_000);
    await db.close();
  }
}

async function ask(url: string, body?: object): Promise<void> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${adminToken}` },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
}
