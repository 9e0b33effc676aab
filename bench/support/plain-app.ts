import { Inngest } from "inngest";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, createProbot, type ApplicationFunction } from "probot";

/**
 * The app that the benchmark compares pr-capture with: Probot as in its documentation, with a listener for three webhooks that awaits one
 * `inngest.send`. With the argument `names`, its events only name the pull request, which is the least work for such an app. Otherwise they
 * contain the payload, so that nothing has to be fetched again, as in pr-capture.
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
