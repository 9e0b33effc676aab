import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerAsEmptyGitHub } from "../../src/testing/empty-github.ts";
import {
  findFaultOfAnswer,
  findFaultsOfJobs,
  jobsQuery,
  type EndedJob,
} from "../../src/testing/hostile-faults.ts";
import {
  correctDelivery,
  correctReviewId,
  hostileDelivery,
  hostileQueueRequest,
  type HostileRequest,
} from "../../src/testing/hostile-requests.ts";
import { sendRaw } from "../../src/testing/raw-request.ts";
import { serveGitHub } from "../../src/fake-github/index.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { startApp, type TestApp } from "../support/start-app.ts";
import { webhookSecret } from "../../src/testing/test-config.ts";

/** `npm run bench:fuzz` sends 10,000 such requests to a server process. */
const requests = 300;
const adminToken = "a token of the administrators";

let database: SqlDatabase;
let github: Awaited<ReturnType<typeof serveGitHub>>;
let app: TestApp;

beforeAll(async () => {
  database = await openTestDatabase();
  github = await serveGitHub({ fetch: answerAsEmptyGitHub });
  app = await startApp(database, {
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN: "reads-public-repositories",
    WEBHOOK_SECRET: webhookSecret,
    ADMIN_TOKEN: adminToken,
  });
});
afterAll(async () => {
  await app.close();
  await github.close();
  await database.close();
});

test("hostile requests are never answered 5xx, and acknowledged deliveries are captured", async () => {
  const acknowledged: HostileRequest[] = [];
  const send = async (request: HostileRequest) => {
    const status = await sendRaw(app.url, request);
    expect(findFaultOfAnswer(status, request)).toBeNull();
    if (status === 200 && request.guid) acknowledged.push(request);
  };
  const hostile = fc.oneof(
    { weight: 3, arbitrary: hostileDelivery },
    { weight: 1, arbitrary: hostileQueueRequest(adminToken) },
  );
  await fc.assert(fc.asyncProperty(hostile, send), { numRuns: requests, seed: 1 });

  await send(correctDelivery());
  await app.services.engine?.idle(2_000); // jobs that are retried later are found below
  expect(acknowledged.length).toBeGreaterThan(requests / 20);
  expect(findFaultsOfJobs(acknowledged, await database.query<EndedJob>(jobsQuery))).toEqual([]);
  expect(await database.query("select from github.reviews where id = $1", [correctReviewId])).toHaveLength(1);
});
