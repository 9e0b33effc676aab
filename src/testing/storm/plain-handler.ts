import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { createNodeMiddleware, Probot, type ApplicationFunction } from "probot";
import { z } from "zod";
import { openPglite } from "../../lib/embedded/open-pglite.ts";
import { openPostgres } from "../../lib/embedded/open-postgres.ts";
import { testEnvironment, webhookSecret } from "../test-config.ts";
import { toWrites } from "./plain-writes.ts";

/**
 * The handler that a storm compares pr-capture with: a Probot app as in its documentation, which writes each payload to rows by id. The last
 * write wins. It has no queue, and it does not look for what it missed.
 */
const { DATABASE_URL: url, DATA_DIR: folder } = z
  .object({ DATABASE_URL: z.string().optional(), DATA_DIR: z.string().default("memory://") })
  .parse(workerData);
const rows = url === undefined ? await openPglite(folder) : openPostgres(url);
await rows.exec(`create table if not exists plain_rows (
  "table" text, key text, "row" jsonb, primary key ("table", key)
)`);

const app: ApplicationFunction = (probot) => {
  probot.on(
    [
      "pull_request",
      "pull_request_review",
      "pull_request_review_comment",
      "pull_request_review_thread",
      "issue_comment",
      "repository",
    ],
    async ({ payload }) => {
      const writes = toWrites(payload);
      await rows.query(
        `insert into plain_rows
         select "table", key, "row" from jsonb_to_recordset($1::jsonb) as written ("table" text, key text, "row" jsonb)
         where "row" is not null order by "table", key
         on conflict ("table", key) do update set "row" = plain_rows."row" || excluded."row"`,
        [JSON.stringify(writes)],
      );
      for (const { table, key } of writes.filter(({ row }) => row === null)) {
        await rows.query(`delete from plain_rows where "table" = $1 and key = $2`, [table, key]);
      }
    },
  );
};

const probot = new Probot({
  appId: testEnvironment.APP_ID,
  privateKey: testEnvironment.PRIVATE_KEY,
  secret: webhookSecret,
  logLevel: "fatal",
});
const middleware = await createNodeMiddleware(app, { probot, webhooksPath: "/api/github/webhooks" });
const server = createServer((request, response) => void middleware(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- between threads there are no origins
parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
