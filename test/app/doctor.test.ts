import { expect, test } from "vitest";
import type { CheckResult } from "../../src/doctor/check-result.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { testEnvironment } from "../../src/testing/test-config.ts";
import { openInngestApi } from "../support/inngest-api.ts";
import { runCli } from "../support/run-cli.ts";
import { serveFetch } from "../support/serve-fetch.ts";
import { adminToken, useScene } from "../support/scene.ts";

const scene = useScene();

function environment(more: Record<string, string> = {}): Record<string, string> {
  return { ...testEnvironment, GITHUB_API_URL: scene.github.url, ADMIN_TOKEN: adminToken, ...more };
}

/** A complete setup: the App's webhooks go to the app. */
function connectHook(): void {
  scene.github.configureApp({ hook: { url: `${scene.app.url}/api/github/webhooks` } });
}

async function check(more: Record<string, string> = {}, url = scene.app.url): Promise<CheckResult[]> {
  return diagnose(environment(more), url);
}

function find(results: readonly CheckResult[], subject: string): CheckResult | undefined {
  return results.find((each) => each.subject === subject);
}

test("doctor finds nothing wrong with a complete setup, and says so to people and programs", async () => {
  connectHook();
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  await scene.deliver();
  const cli = { url: scene.app.url, adminToken };
  const { code, out } = await runCli(cli, ["doctor"], environment());
  expect(out).toMatch(/✓ GitHub App +GitHub accepts APP_ID 1234[^]*\nEverything is set up\.\n$/);
  expect(code).toBe(0);
  const { ok, checks } = JSON.parse((await runCli(cli, ["doctor", "--json"], environment())).out);
  expect(ok).toBe(true);
  expect(checks.map(({ subject }: CheckResult) => subject)).toEqual([
    "Configuration",
    "GitHub App",
    "Permissions",
    "Webhook events",
    "Installations",
    "GITHUB_TOKEN",
    "Webhook URL",
    "Webhook secret",
    "Recent deliveries",
    "Clock",
    "Database",
    "Inngest",
    "Server",
    "ADMIN_TOKEN",
  ]);
});

test("doctor names every invalid variable, and ends with exit code 1", async () => {
  const cli = { url: "http://127.0.0.1:1", adminToken };
  const { code, out } = await runCli(cli, ["doctor"], { APP_ID: "x", DATABSE_URL: "postgres://localhost/a" });
  expect(code).toBe(1);
  for (const sentence of [
    "APP_ID must be the number",
    "WEBHOOK_SECRET is missing",
    "Did you mean DATABASE_URL",
  ])
    expect(out).toContain(sentence);
  expect(find(await diagnose({}, cli.url), "Configuration")).toMatchObject({
    status: "failed",
    remedy: expect.stringContaining("npm start"),
  });
});

test.each<[string, () => void, Record<string, string>, string, Partial<CheckResult>]>([
  [
    "an unknown App",
    () => {},
    { APP_ID: "4321" },
    "GitHub App",
    { status: "failed", remedy: expect.stringContaining("settings page") },
  ],
  [
    "a missing permission",
    () => scene.github.configureApp({ permissions: { metadata: "read", pull_requests: "write" } }),
    {},
    "Permissions",
    { status: "failed", detail: "The App cannot read issues." },
  ],
  [
    "a missing event",
    () => scene.github.configureApp({ events: ["pull_request"] }),
    {},
    "Webhook events",
    { status: "failed", detail: expect.stringContaining("pull_request_review,") },
  ],
  [
    "a webhook URL with another path",
    () => scene.github.configureApp({ hook: { url: "https://example.com/" } }),
    {},
    "Webhook URL",
    { status: "failed", remedy: expect.stringContaining("/api/github/webhooks") },
  ],
  [
    "a webhook without a secret",
    () => scene.github.configureApp({ hook: { hasSecret: false } }),
    {},
    "Webhook URL",
    { status: "failed", detail: "The App has no webhook secret." },
  ],
  [
    "webhooks that go to smee.io only at GitHub",
    () => scene.github.configureApp({ hook: { url: "https://smee.io/abc" } }),
    {},
    "Webhook URL",
    { status: "failed", detail: expect.stringContaining("WEBHOOK_PROXY_URL is not set") },
  ],
  [
    "another secret than the server's",
    () => {},
    { WEBHOOK_SECRET: "another" },
    "Webhook secret",
    { status: "failed", detail: expect.stringContaining("another WEBHOOK_SECRET") },
  ],
  [
    "another admin token than the server's",
    () => {},
    { ADMIN_TOKEN: "sixteen characters" },
    "ADMIN_TOKEN",
    { status: "failed" },
  ],
  [
    "a database that is down",
    () => {},
    { DATABASE_URL: "postgres://user:secret@127.0.0.1:9/x" },
    "Database",
    { status: "failed", detail: expect.stringContaining("127.0.0.1:9/x") },
  ],
  [
    "a certificate that does not exist",
    () => {},
    { DATABASE_URL: "postgres://user:secret@127.0.0.1:9/x?sslmode=verify-full&sslrootcert=/none" },
    "Database",
    {
      status: "failed",
      detail: expect.stringMatching(/^DATABASE_URL cannot be used \(ENOENT: .+\)\.$/),
      remedy: expect.stringContaining("Correct DATABASE_URL"),
    },
  ],
  [
    "a Supabase project that does not answer",
    () => {},
    { SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SERVICE_ROLE_KEY: "sb_secret_of_a_project" },
    "Database",
    {
      status: "failed",
      detail: "Could not reach the project at SUPABASE_URL (fetch failed).",
      remedy: expect.stringContaining("Check SUPABASE_URL"),
    },
  ],
  [
    "an invalid GITHUB_TOKEN",
    () => {},
    { GITHUB_TOKEN: "ghp_invalid" },
    "GITHUB_TOKEN",
    { status: "failed", remedy: expect.stringContaining("Create a new one") },
  ],
])("doctor finds %s, and shows no secret", async (_, break_, more, subject, expected) => {
  connectHook();
  break_();
  const results = await check(more);
  expect(find(results, subject)).toMatchObject(expected);
  const text = JSON.stringify(results);
  for (const secret of [testEnvironment.WEBHOOK_SECRET, adminToken, "user:secret", "ghp_invalid"])
    expect(text).not.toContain(secret);
});

test("doctor recognizes pages that are neither GitHub's nor Supabase's", async () => {
  const page = await serveFetch(
    async () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  );
  const results = await check({
    GITHUB_API_URL: page.url,
    SUPABASE_URL: page.url,
    SUPABASE_SERVICE_ROLE_KEY: "sb_secret_of_a_project",
  });
  expect(find(results, "GitHub App")).toMatchObject({
    status: "failed",
    detail: expect.stringMatching(/at GITHUB_API_URL yet \(.+not JSON/),
    remedy: expect.stringContaining("GITHUB_API_URL"),
  });
  expect(find(results, "Database")).toMatchObject({
    status: "failed",
    detail: "What answers at SUPABASE_URL is not a Supabase project.",
  });
  await page.close();
});

test("doctor recognizes an API that is not GitHub's", async () => {
  const other = await serveFetch(async () => Response.json({ hello: "world" }));
  expect(find(await check({ GITHUB_API_URL: other.url }), "GitHub App")).toMatchObject({
    status: "failed",
    detail: "What answers at GITHUB_API_URL is not GitHub's API.",
  });
  await other.close();
});

test("doctor warns of what does not stop the server: no installation, no server, failed deliveries", async () => {
  await scene.reopen({ installation: "none" });
  connectHook();
  expect(find(await check(), "Installations")).toMatchObject({
    status: "warning",
    remedy: expect.stringMatching(/Install it at .+\/installations\/new/),
  });
  expect(find(await check({}, "http://127.0.0.1:1"), "Server")).toMatchObject({ status: "warning" });

  await scene.reopen({ installation: "exists" });
  connectHook();
  scene.github.openPullRequest({ repository: scene.web, author: scene.ann });
  const [delivery] = scene.takeDeliveries();
  if (!delivery) throw new Error("GitHub sent nothing.");
  await scene.github.send("http://127.0.0.1:9/", delivery).catch(() => {});
  expect(find(await check(), "Recent deliveries")).toMatchObject({
    status: "failed",
    detail: "The last one failed (no answer).",
  });
});

test("doctor asks Inngest whether it knows the app's functions", async () => {
  const api = await openInngestApi();
  const keys = {
    INNGEST_EVENT_KEY: "event-key",
    INNGEST_SIGNING_KEY: api.signingKey,
    INNGEST_BASE_URL: api.url,
    INNGEST_SERVE_ORIGIN: "https://captures.example.com",
  };
  try {
    connectHook();
    expect(find(await check(keys), "Inngest")).toMatchObject({
      status: "failed",
      remedy: expect.stringContaining("curl -X PUT https://captures.example.com/api/inngest"),
    });
    api.functions.push("pr-capture-capture-pr-details", "pr-capture-capture-pr-reviews");
    expect(find(await check(keys), "Inngest")).toMatchObject({
      status: "ok",
      detail: expect.stringContaining("2 functions"),
    });
    const wrong = { ...keys, INNGEST_SIGNING_KEY: "signkey-test-0000" };
    expect(find(await check(wrong), "Inngest")).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("does not accept INNGEST_SIGNING_KEY"),
    });
    expect(find(await check({ INNGEST_DEV: "http://127.0.0.1:9" }), "Inngest")).toMatchObject({
      status: "failed",
      remedy: expect.stringContaining("npm run dev:inngest"),
    });
  } finally {
    api.close();
  }
});
