import { Inngest } from "inngest";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, createProbot, type ApplicationFunction } from "probot";

/**
 * The app that a benchmark compares with: Probot as its documentation shows it, a listener for three webhooks, and in it one
 * awaited `inngest.send`. Called with `names`, its events only name the pull request, which leaves such an app as little to do as
 * it can have; otherwise they carry the payload, so that, as with pr-capture, nothing has to be fetched again.
 */
const namesOnly = process.argv[2] === "names";
const { INNGEST_DEV: dev } = process.env;
const inngest = new Inngest({ id: "plain", ...(dev ? { isDev: true, baseUrl: dev } : { isDev: false }) });

const app: ApplicationFunction = (probot) => {
  probot.on(
    ["pull_request", "pull_request_review", "pull_request_review_comment"],
    async ({ id, name, payload }) => {
      const { action, repository, pull_request } = payload;
      const names = { action, repository: repository.full_name, number: pull_request.number };
      await inngest.send({ id, name: `github/${name}`, data: namesOnly ? names : payload });
    },
  );
};

const middleware = await createNodeMiddleware(app, {
  probot: createProbot(),
  webhooksPath: "/api/github/webhooks",
});
const server = createServer((request, response) => void middleware(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
