import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { TruthTable } from "../truth.ts";
import { compareRows } from "../compare-rows.ts";
import type { SqlQueries } from "../../lib/embedded/sql-database.ts";
import { startServer } from "../start-server.ts";
import type { Contender, JobOutcome } from "./contender.ts";
import { openInngestServer } from "./inngest-server.ts";
import type { StormDatabase } from "./storm-database.ts";

const adminToken = "admin token of the storm";

/** How long to wait for sleeps and retries, for the outbox, whose retries become less frequent, and for a check of the journal. */
const maxWaitMs = { inngest: 75_000, outbox: 120_000, journal: 75_000 };

/** Longer than pr-capture waits before it sends an event again that was not run. */
const fastForwardedMinutes = 20;

/** The event id of a webhook or of its replay. Captures that follow from it have longer ids. */
const webhookEventId = /^(?:replay:)?([^:]+):[^:]+$/;

const health = z.object({ outbox: z.object({ waiting: z.int() }), journal: z.unknown().optional() });

/** Runs pr-capture like `npm start`, in a child process, with a separate Inngest. */
export async function openPrCapture(githubUrl: string, database: StormDatabase): Promise<Contender> {
  const inngest = await openInngestServer();
  const start = () =>
    startServer({
      ...database.environment,
      GITHUB_API_URL: githubUrl,
      INNGEST_DEV: inngest.url,
      ADMIN_TOKEN: adminToken,
      LOG_LEVEL: "info",
    });
  let server = await start();
  await inngest.start(() => server.url);

  return {
    webhooksUrl: () => `${server.url}/api/github/webhooks`,
    refusal: 401,
    async kill() {
      await server.end("SIGKILL");
      server = await start();
    },
    refuseEvents: (isRefusing) => inngest.refuseEvents(isRefusing),
    dropEvents: (isDropped) => inngest.dropEvents(isDropped),
    droppedEvents: () => inngest.droppedEvents(),
    async fastForward() {
      if (!(await readHealth(server.url)).journal) return; // without a journal, lost events are not found by time
      await server.end("SIGTERM");
      await database.change(moveBackInTime);
      server = await start();
      await journalChecked(database);
    },
    async idle() {
      await outboxEmpty(server.url);
      await inngest.idle(maxWaitMs.inngest);
    },
    async reconcile() {
      const { status } = await fetch(`${server.url}/api/queue/reconcile`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminToken}` },
      });
      if (status !== 202) throw new Error(`The request to reconcile was answered ${status}.`);
      return true;
    },
    inspect: (truth) =>
      database.read(async (rows) => {
        const jobs = await rows.query<JobOutcome & { event_id: string }>(
          "select event_id, event_name, repository, number, state, error ->> 'message' as message from capture.jobs",
        );
        return {
          differences: await compareRows(truth, (table) => rows.query(`select * from ${toSource(table)}`)),
          jobs: Map.groupBy(jobs, ({ event_id: id }) => webhookEventId.exec(id)?.[1] ?? ""),
        };
      }),
    doubledRuns: () => inngest.doubledRuns(),
    async close() {
      await server.end("SIGTERM");
      await inngest.close();
    },
  };
}

/** Resolves when Inngest has all events, or after the maximum wait. Then the rows show what is missing. */
async function outboxEmpty(serverUrl: string): Promise<void> {
  for (const until = Date.now() + maxWaitMs.outbox; Date.now() < until; await pause(200)) {
    const { outbox } = await readHealth(serverUrl);
    if (outbox.waiting === 0) return;
  }
}

/** Resolves when every accepted event has a job or was sent again, or after the maximum wait. */
async function journalChecked(database: StormDatabase): Promise<void> {
  for (const until = Date.now() + maxWaitMs.journal; Date.now() < until; await pause(2_000)) {
    const [found] = await database.read((rows) =>
      rows.query<{ unchecked: boolean }>(
        `select exists (select from capture.journal where accepted_at < now() - interval '${fastForwardedMinutes} minutes')
             or exists (select from capture.unstarted_events where resends = 0) as unchecked`,
      ),
    );
    if (!found?.unchecked) return;
  }
}

async function readHealth(serverUrl: string): Promise<z.infer<typeof health>> {
  const response = await fetch(`${serverUrl}/healthz`);
  return health.parse(await response.json());
}

/** Makes all times in the schema `capture` earlier, as if that much time had passed. */
async function moveBackInTime(rows: SqlQueries): Promise<void> {
  const columns = await rows.query<{ table_name: string; column_name: string }>(
    `select table_name, column_name
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'capture' and table_type = 'BASE TABLE' and data_type = 'timestamp with time zone'`,
  );
  for (const [table, timeColumns] of Map.groupBy(columns, ({ table_name: name }) => name)) {
    const changes = timeColumns.map(
      ({ column_name: name }) => `"${name}" = "${name}" - interval '${fastForwardedMinutes} minutes'`,
    );
    await rows.query(`update capture."${table}" set ${changes.join(", ")}`);
  }
}

/** The truth has the repositories with a pull request. An installation names others too. */
function toSource(table: TruthTable): string {
  return table === "repositories"
    ? "github.repositories r where exists (select from github.pull_requests p where p.repository_id = r.id)"
    : `github.${table}`;
}
