import { createServer } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { failures } from "../../src/fake-github/index.ts";
import { createReader, createSmallTeam, tokenFor } from "./small-team.ts";

const reset = new Date("2026-03-02T09:30:00Z");
const resetHeader = String(reset.getTime() / 1000);

test.each([
  [
    "rateLimited",
    failures.rateLimited(reset),
    403,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": resetHeader },
  ],
  ["rateLimited 429", failures.rateLimited(reset, { status: 429 }), 429, { "x-ratelimit-remaining": "0" }],
  ["secondaryLimited", failures.secondaryLimited(), 403, {}],
  ["secondaryLimited 429", failures.secondaryLimited(7, 429), 429, { "retry-after": "7" }],
  [
    "graphqlRateLimited",
    failures.graphqlRateLimited(reset),
    200,
    { "x-ratelimit-resource": "graphql", "x-ratelimit-remaining": "0" },
  ],
  ["serverError", failures.serverError(), 502, {}],
  ["graphqlTimeout", failures.graphqlTimeout(504), 504, {}],
  ["refused", failures.refused(451, "Repository access blocked"), 451, {}],
])("%s answers as GitHub does", async (_name, failure, status, headers) => {
  const { github, installation, clock } = createSmallTeam();
  const reader = createReader(github, await tokenFor(github, installation.id, clock.now()));
  github.intercept(failures.times(2, failure));
  for (let count = 0; count < 2; count++) {
    const response = await reader.get("/repos/acme/web");
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
  }
  expect((await reader.get("/repos/acme/web")).status).toBe(200);
});

test("a delivery is signed, sent once, and logged with its outcome", async () => {
  const { github, ann, repository } = createSmallTeam({ webhookSecret: "a secret" });
  github.openPullRequest({ repository, author: ann });
  const delivery = github.deliveries.at(-1);
  if (!delivery) throw new Error("no delivery");
  const received: unknown[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers["x-github-delivery"]);
    response.writeHead(503).end("busy");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/`;
  expect(await github.send(url, delivery)).toBe(503);
  expect(received).toEqual([delivery.id]);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  expect(await github.send(url, delivery)).toBe(0);
});
