import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Hono } from "hono";
import type { RegisterRequest } from "../../src/api/setup-contract.ts";
import { failures } from "../../src/fake-github/index.ts";
import { createSessions } from "../../src/http/sessions.ts";
import { createSetupRoutes } from "../../src/http/setup-routes.ts";
import { createRegistration, type FinishedRegistration } from "../../src/setup/registration.ts";
import { keepLog } from "../support/log-lines.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";

/** What the setup page's requests refuse. The page itself is tested in test/console/setup.test.ts. */

const minuteMs = 60_000;

let folder: string;
let github: TestGitHub;
let aheadMs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pr-capture-setup-"));
  aheadMs = 0;
  github = await openGitHub({ now: () => new Date(Date.now() + aheadMs) });
  github.visitAs(github.createAccount({ login: "ann" }));
});
afterEach(async () => {
  await github.close();
  await rm(folder, { recursive: true });
});

interface Options {
  githubApiUrl?: string;
  envFile?: string;
  adminToken?: string | null;
  webhookProxyUrl?: string | null;
  createChannel?: () => Promise<string>;
}

async function openSetup({
  githubApiUrl = github.url,
  envFile = join(folder, ".env"),
  adminToken = null,
  webhookProxyUrl = null,
  createChannel = () => Promise.reject(new Error("offline")),
}: Options = {}) {
  const { log, lines } = keepLog("info");
  const now = () => Date.now() + aheadMs;
  const sessions = createSessions({ adminToken, privateKey: "any", log, now });
  sessions.startLinks("http://localhost:3000");
  const finished: FinishedRegistration[] = [];
  const routes = createSetupRoutes({
    registration: createRegistration({
      config: { githubApiUrl, adminToken, webhookProxyUrl },
      envFile,
      hookPath: "/api/github/webhooks",
      createChannel,
      log,
      now,
    }),
    sessions,
    log,
    webUrl: githubApiUrl,
    webhookProxyUrl,
    onRegistered: (registered) => {
      finished.push(registered);
      return Promise.resolve({ token: "a session of the console", expires_at: "" });
    },
  });
  const [, code = ""] = /#code=([\w-]+)/.exec(JSON.stringify(lines)) ?? [];
  const { token } = (await (await post(routes, "/api/session", { code })).json()) as { token: string };
  return { routes, code, finished, lines, ...asOperator(routes, token) };
}

async function post(routes: Hono, path: string, body: unknown, token?: string): Promise<Response> {
  return routes.request(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

function asOperator(routes: Hono, token: string) {
  const begin = (choice: Partial<RegisterRequest> = {}) =>
    post(
      routes,
      "/api/setup/manifest",
      {
        organization: null,
        public_url: "http://127.0.0.1:3000",
        page_url: "http://localhost:3000",
        ...choice,
      },
      token,
    );
  return {
    begin,
    finish: (code: string, state: string) => post(routes, "/api/setup/app", { code, state }, token),
    /** Registers on GitHub's page, which sends the browser back with a code and the state. */
    register: async (choice: Partial<RegisterRequest> = {}) => {
      const { action, manifest } = (await (await begin(choice)).json()) as {
        action: string;
        manifest: string;
      };
      const { origin, pathname, searchParams } = new URL(action);
      const answer = await fetch(`${origin}${pathname.replace(/\/new$/, "")}`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({
          manifest,
          name: "pr-capture-ann",
          state: searchParams.get("state") ?? "",
        }),
      });
      const back = new URL(answer.headers.get("location") ?? "").searchParams;
      return { code: back.get("code") ?? "", state: back.get("state") ?? "", manifest };
    },
  };
}

async function refusalOf(response: Response) {
  const { detail } = (await response.json()) as { detail: string };
  return { status: response.status, detail };
}

test("without the code from the log, nothing is shown or begun", async () => {
  const { routes } = await openSetup();
  for (const token of [undefined, "", "wrong"]) {
    expect((await post(routes, "/api/setup/manifest", {}, token)).status).toBe(401);
    expect((await post(routes, "/api/setup/app", { code: "c", state: "s" }, token)).status).toBe(401);
  }
  expect((await routes.request("/api/setup")).status).toBe(401);
});

test("the code opens the page once, and another one can be requested", async () => {
  const { routes, code } = await openSetup();
  expect(await refusalOf(await post(routes, "/api/session", { code }))).toEqual({
    status: 401,
    detail: "This code is wrong, was used, or has expired.",
  });
  aheadMs = 10_000;
  expect((await post(routes, "/api/session/link", {})).status).toBe(202);
});

test("everything else says that there is no App yet", async () => {
  const { routes } = await openSetup();
  const health = await routes.request("/healthz");
  expect([health.status, await health.json()]).toEqual([
    200,
    { status: "setup", problems: ["This server has no GitHub App yet. Open its page to register one."] },
  ]);
  expect((await post(routes, "/api/github/webhooks", {})).status).toBe(503);
  expect(await refusalOf(await routes.request("/api/queue/stats"))).toMatchObject({
    status: 503,
    detail: expect.stringContaining("no GitHub App yet"),
  });
});

test("the page may post a form to GitHub, and nothing elsewhere", async () => {
  const { routes } = await openSetup({ githubApiUrl: "https://ghe.example" });
  const policy = (await routes.request("/")).headers.get("content-security-policy");
  expect(policy).toContain("form-action https://ghe.example;");
  expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
});

test.each([
  ["http://localhost:3000", /^GitHub cannot reach http:\/\/localhost:3000/],
  ["http://127.0.0.1", /^GitHub cannot reach/],
  ["https://[::1]:3000", /^GitHub cannot reach/],
  ["https://capture.example/path", /must be an origin/],
  ["https://user:secret@capture.example", /must be an origin/],
  ["ftp://capture.example", /must be an origin/],
  ["capture.example", /must be an origin/],
])("the public address %s is refused", async (publicUrl, detail) => {
  const { begin } = await openSetup({ githubApiUrl: "https://api.github.com" });
  const refusal = await refusalOf(await begin({ public_url: publicUrl }));
  expect(refusal).toEqual({ status: 400, detail: expect.stringMatching(detail) });
});

test("an organization's login cannot lead to another page of GitHub", async () => {
  const { begin } = await openSetup();
  for (const organization of ["../settings", "acme/x", "", "acme?x"])
    expect((await begin({ organization })).status).toBe(400);
});

test("github.com and an Enterprise Server get the form at their own pages", async () => {
  const actionOn = async (githubApiUrl: string, organization: string | null) => {
    const { begin } = await openSetup({ githubApiUrl });
    const form = await begin({ organization, public_url: "https://capture.example" });
    const { action, manifest } = (await form.json()) as { action: string; manifest: string };
    expect(JSON.parse(manifest)).toMatchObject({
      public: false,
      redirect_url: "http://localhost:3000/",
      setup_url: "https://capture.example/",
      hook_attributes: { url: "https://capture.example/api/github/webhooks" },
    });
    return action.replace(/state=[\w-]{43}$/, "state=…");
  };
  expect(await actionOn("https://api.github.com", null)).toBe("https://github.com/settings/apps/new?state=…");
  expect(await actionOn("https://ghe.example/api/v3", "acme")).toBe(
    "https://ghe.example/organizations/acme/settings/apps/new?state=…",
  );
});

test("smee.io is used when it was chosen, and the channel becomes WEBHOOK_PROXY_URL", async () => {
  const channel = "https://smee.io/abc";
  const { register, finish, finished } = await openSetup({ createChannel: () => Promise.resolve(channel) });
  const { code, state, manifest } = await register({ public_url: null });
  expect(JSON.parse(manifest)).toMatchObject({ hook_attributes: { url: channel } });
  expect((await finish(code, state)).status).toBe(200);
  expect(finished).toMatchObject([{ variables: { WEBHOOK_PROXY_URL: channel } }]);

  const { begin } = await openSetup();
  expect(await refusalOf(await begin({ public_url: null }))).toEqual({
    status: 503,
    detail: expect.stringMatching(/^smee\.io does not answer/),
  });
});

test("a state that this page did not create is refused, and no code is converted", async () => {
  const { register, finish } = await openSetup();
  const { code } = await register();
  expect(await refusalOf(await finish(code, "of-another-page"))).toEqual({
    status: 400,
    detail: expect.stringContaining("did not begin on this page"),
  });
  expect(github.requests).toEqual([]);
});

test("after more than an hour, the registration has to begin again", async () => {
  const { register, finish } = await openSetup();
  const { code, state } = await register();
  aheadMs = 61 * minuteMs;
  expect(await refusalOf(await finish(code, state))).toMatchObject({
    status: 400,
    detail: expect.stringContaining("Register again"),
  });
});

test("a code that GitHub no longer knows is explained, and another registration succeeds", async () => {
  const { register, finish } = await openSetup();
  const first = await register();
  expect(await refusalOf(await finish("of-yesterday", first.state))).toEqual({
    status: 404,
    detail: expect.stringMatching(/was used, or is more than an hour old. Register again/),
  });
  github.app.slug = "deleted-by-its-owner"; // so that its name is free
  const second = await register();
  expect((await finish(second.code, second.state)).status).toBe(200);
});

test("while GitHub does not answer, the same code can be tried again", async () => {
  const { register, finish } = await openSetup();
  const { code, state } = await register();
  const heal = github.intercept(failures.matching(/app-manifests/, failures.serverError(502)));
  expect(await refusalOf(await finish(code, state))).toMatchObject({
    status: 503,
    detail: expect.stringContaining("Try again"),
  });
  heal();
  expect((await finish(code, state)).status).toBe(200);
  expect((await finish(code, state)).status).toBe(409);
});

test("where the disk is read-only, the variables are shown to the operator, and not logged", async () => {
  const { register, finish, lines } = await openSetup({ envFile: "/proc/pr-capture/.env" });
  const { code, state } = await register();
  const answer = (await (await finish(code, state)).json()) as { variables: string };
  expect(answer).toMatchObject({
    env_file: null,
    variables: expect.stringMatching(
      /^APP_ID=\d+\nPRIVATE_KEY=\S+\nWEBHOOK_SECRET=\w+\nADMIN_TOKEN=\w{64}\n$/,
    ),
  });
  const log = JSON.stringify(lines);
  expect(log).toContain("Could not write /proc/pr-capture/.env");
  for (const line of answer.variables.trim().split("\n").slice(1))
    expect(log).not.toContain(line.slice(line.indexOf("=") + 1));
});

test("an ADMIN_TOKEN of the environment stays as it is", async () => {
  const { register, finish, finished } = await openSetup({ adminToken: "a token of the administrators" });
  const { code, state } = await register();
  const answer = await finish(code, state);
  expect(await answer.json()).toMatchObject({ env_file: join(folder, ".env"), variables: null });
  expect(finished.map(({ variables }) => Object.keys(variables))).toEqual([
    ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"],
  ]);
});

test("no page, answer or log line contains the credentials that were written to the file", async () => {
  const { routes, register, finish, finished, lines } = await openSetup();
  const { code, state } = await register();
  const answers = [await finish(code, state), await finish(code, state)];
  for (const path of ["/", "/healthz", "/metrics", "/api/setup", "/api/queue/stats", "/api/github/webhooks"])
    answers.push(await routes.request(path));
  const shown = await Promise.all(answers.map((answer) => answer.text()));
  const variables = Object.entries(finished[0]?.variables ?? {}).filter(([name]) => name !== "APP_ID");
  expect(variables.map(([name]) => name)).toEqual(["PRIVATE_KEY", "WEBHOOK_SECRET", "ADMIN_TOKEN"]);
  for (const text of [...shown, JSON.stringify(lines)])
    for (const [, value] of variables) expect(text).not.toContain(value);
});
