import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { parseConfig } from "../../src/config.ts";
import type { FakeGitHubOptions, Repository } from "../../src/fake-github/index.ts";
import { launchChromium } from "../../src/testing/launch-chromium.ts";
import type { StartingServer } from "../../src/testing/start-server.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { serverTest } from "../support/server-test.ts";
import { expectAccessible } from "./support/expect-accessible.ts";

/** From the first visit of a server without an App to the first captured pull request. The server is a process, in a folder of its own. */

const noCredentials = { APP_ID: "", PRIVATE_KEY: "", WEBHOOK_SECRET: "", ADMIN_TOKEN: "" };

const test = serverTest
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern which fixtures are used
  .extend("home", async ({}, { onCleanup }) => {
    const home = await mkdtemp(join(tmpdir(), "pr-capture-home-"));
    onCleanup(() => rm(home, { recursive: true, force: true }));
    return home;
  })
  // oxlint-disable-next-line no-empty-pattern -- as above
  .extend("page", async ({}, { onCleanup }) => {
    const browser = await launchChromium();
    onCleanup(() => browser.close());
    const page = await browser.newPage({ locale: "en-US" });
    page.setDefaultTimeout(60_000);
    return page;
  });

/** Fails when a page of `origin` logs an error, or sends a request elsewhere that does not leave the page. */
function watch(page: Page, origin: string): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      problems.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const isFromPage = page.url().startsWith(origin) && !request.isNavigationRequest();
    if (isFromPage && new URL(request.url()).origin !== origin) problems.push(request.url());
  });
  return problems;
}

/** A reverse proxy as in front of a server: it forwards as HTTP to another host, and says for whom. */
async function openProxy(target: string) {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const headers = {
      ...incoming.headers,
      host: `${hostname}:${port}`,
      "x-forwarded-host": incoming.headers.host,
      "x-forwarded-proto": "http",
    };
    const forwarded = send({ hostname, port, path: incoming.url, method: incoming.method, headers });
    forwarded.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function openStage(options: FakeGitHubOptions = {}) {
  const github = await openGitHub(options);
  const ann = github.createAccount({ login: "ann" });
  const acme = github.createOrganization({ login: "acme", members: [ann] });
  github.visitAs(ann);
  return {
    github,
    ann,
    ofAcme: github.createRepository({ owner: acme, name: "web", private: true }),
    ofAnn: github.createRepository({ owner: ann, name: "notes", private: true }),
  };
}

async function setupLinkOf({ listening, output }: StartingServer) {
  await listening;
  await expect.poll(() => output.join("\n")).toContain("Setup: ");
  const [, link = "", code = ""] = /Setup: (\S+#code=([\w-]+))/.exec(output.join("\n")) ?? [];
  return { link, code };
}

async function deliverAll(github: TestGitHub): Promise<void> {
  for (const delivery of github.deliveries.splice(0))
    expect(await github.send(github.app.hook.url, delivery)).toBe(200);
}

/** Installs the App, and follows the first pull request into the console. */
async function installAndCapture(page: Page, origin: string, github: TestGitHub, repository: Repository) {
  await page.getByRole("link", { name: "Install it on GitHub" }).click();
  await page.getByRole("button", { name: "Install" }).click();
  await page.getByText("GitHub has installed the App.").waitFor(); // shown for some seconds
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  expect(page.url()).toBe(`${origin}/`);
  await page.getByText("No repository is captured yet.").first().waitFor();

  github.openPullRequest({ repository, author: repository.owner, title: "The first one" });
  await deliverAll(github);
  await page.getByText("Everything is in sync: 1 repository, 1 pull request.").waitFor();
  await page.getByRole("link", { name: "Pull requests" }).click();
  await page.getByRole("link", { name: "The first one" }).waitFor();
}

test("a first visit by the link in the log leads to the first captured pull request, and the next start knows the App", async ({
  spawnServer,
  home,
  page,
}) => {
  const { github, ofAcme } = await openStage();
  const environment = { ...noCredentials, NODE_ENV: "production", GITHUB_API_URL: github.url };
  const server = spawnServer(environment, home);
  const url = await server.listening;
  const problems = watch(page, url);
  const { link } = await setupLinkOf(server);

  await page.goto(link);
  await page.getByLabel("An organization").check();
  await page.getByLabel("Login of the organization").fill("acme");
  expect(await page.getByRole("textbox", { name: "Public address" }).inputValue()).toBe(url);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Continue on GitHub" }).click();
  await page.getByRole("heading", { name: "Create GitHub App for acme" }).waitFor();
  await page.goBack(); // changed their mind, and again
  await page.getByLabel("An organization").check();
  await page.getByLabel("Login of the organization").fill("acme");
  await page.getByRole("button", { name: "Continue on GitHub" }).click();
  expect(await page.getByLabel("GitHub App name").inputValue()).toBe("pr-capture-acme");
  await page.getByRole("button", { name: "Create GitHub App for acme" }).click();

  await page.getByRole("heading", { name: "pr-capture-acme is registered" }).waitFor();
  expect(page.url()).toBe(`${url}/`);
  await page.getByRole("link", { name: "Install it on GitHub" }).waitFor();
  await expectAccessible(page);
  const file = join(home, ".env");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const variables = parseEnv(await readFile(file, "utf8"));
  expect(parseConfig({ ...variables })).toMatchObject({
    app: { id: github.app.id },
    webhookSecret: github.app.webhookSecret,
    adminToken: expect.stringMatching(/^[\da-f]{64}$/),
    webhookProxyUrl: null,
  });
  expect(github.app).toMatchObject({
    hook: { url: `${url}/api/github/webhooks` },
    setupUrl: `${url}/`,
    permissions: { metadata: "read", pull_requests: "read", issues: "read" },
    events: expect.arrayContaining(["pull_request", "issue_comment"]),
  });
  await installAndCapture(page, url, github, ofAcme);
  expect(problems).toEqual([]);
  await page.close();

  const lines = () =>
    server.output.flatMap((line) =>
      line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : [],
    );
  const opened = lines().find(({ action }) => action === "opened");
  expect(opened).toMatchObject({ event: "pull_request", repository: "acme/web", number: 1, status: 200 });
  await expect
    .poll(() => lines().filter(({ delivery }) => delivery === opened?.["delivery"]))
    .toMatchObject([opened, { function: "capture-pr-details", msg: "A capture ended" }]);
  const log = server.output.join("\n");
  for (const secret of [variables["PRIVATE_KEY"], github.app.webhookSecret, variables["ADMIN_TOKEN"]])
    expect(log).not.toContain(secret);

  expect(await server.end("SIGTERM")).toBe(0);
  const next = spawnServer(environment, home);
  await next.listening;
  await expect
    .poll(() => next.output.join("\n"))
    .toContain("App pr-capture-acme, installed on 1 account, 1 repository");
  await github.close();
});

test("behind a proxy, the code and an Enterprise Server lead to the same, at the proxy's address", async ({
  spawnServer,
  home,
  page,
}) => {
  const { github, ofAnn } = await openStage({ basePath: "/api/v3" });
  const server = spawnServer({ ...noCredentials, GITHUB_API_URL: github.url }, home);
  const proxy = await openProxy(await server.listening);
  const problems = watch(page, proxy.url);
  const { code } = await setupLinkOf(server);

  await page.goto(proxy.url);
  await page.getByLabel("Code from the server's log").fill(code);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await page.getByRole("heading", { name: "Register the GitHub App" }).waitFor();
  await page.goto(`${proxy.url}/?code=old&state=old`);
  await page.getByRole("alert").getByText("This registration did not begin on this page").waitFor();
  expect(problems.splice(0)).toEqual([expect.stringContaining("400 (Bad Request)")]);
  await page.goto(`${proxy.url}/?error=cancelled`);
  await page.getByRole("alert").getByText("GitHub came back without a new App.").waitFor();
  expect(page.url()).toBe(`${proxy.url}/`);
  expect(await page.getByRole("textbox", { name: "Public address" }).inputValue()).toBe(proxy.url);
  await page.getByRole("button", { name: "Continue on GitHub" }).click();
  await page.getByLabel("GitHub App name").fill("pr-capture-of-ann");
  await page.getByRole("button", { name: "Create GitHub App for ann" }).click();
  await page.getByRole("heading", { name: "pr-capture-of-ann is registered" }).waitFor();
  expect(github.app.hook.url).toBe(`${proxy.url}/api/github/webhooks`);
  await installAndCapture(page, proxy.url, github, ofAnn);
  const installUrl = `${new URL(github.url).origin}/github-apps/pr-capture-of-ann/installations/new`;
  expect(server.output.join("\n")).toContain(
    `App pr-capture-of-ann, not installed yet. Install it: ${installUrl}`,
  );
  expect(problems).toEqual([]);
  proxy.close();
  await github.close();
});
