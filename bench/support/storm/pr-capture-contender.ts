import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { compareRows } from "../../../src/demo/compare-rows.ts";
import { startServer } from "../../../test/support/start-server.ts";
import type { Contender, JobOutcome } from "./contender.ts";
import { openInngestServer } from "./inngest-server.ts";
import type { StormDatabase } from "./storm-database.ts";

const adminToken = "the storm may ask for repairs";

/** What sleeps or is tried again is waited for so long, in milliseconds; for the outbox, which tries less and less often, longer. */
const patienceMs = { inngest: 75_000, outbox: 120_000 };

/** Of the event that a webhook became, or of its replay; captures that follow from it have longer ids. */
const webhookEventId = /^(?:replay:)?([^:]+):[^:]+$/;

const health = z.object({ outbox: z.object({ waiting: z.int() }) });

/** pr-capture as `npm start` runs it, in a process of its own, with an Inngest beside it. */
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
    async idle() {
      await outboxEmpty(server.url);
      await inngest.idle(patienceMs.inngest);
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
          "select event_id, state, error ->> 'message' as message from capture.jobs",
        );
        return {
          differences: await compareRows(truth, (table) => rows.query(`select * from github.${table}`)),
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

/** Resolves when Inngest has all events, or at the end of the patience: the rows show what is missing then. */
async function outboxEmpty(serverUrl: string): Promise<void> {
  for (const until = Date.now() + patienceMs.outbox; Date.now() < until; await pause(200)) {
    const response = await fetch(`${serverUrl}/healthz`);
    const { outbox } = health.parse(await response.json());
    if (outbox.waiting === 0) return;
  }
}
