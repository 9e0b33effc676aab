import nock from "nock";
import { expect, test, vi } from "vitest";
import { NoAccessError } from "../../../src/lib/github/errors.ts";
import {
  api,
  createTestGitHub,
  expectTokenRequest,
  installationId,
  interceptGitHub,
  personalToken,
  withToken,
} from "./intercept.ts";

interceptGitHub();

test("an installation's token is requested once and reused", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_first");
  withToken("ghs_first").get("/rate_limit").twice().reply(200, {});
  for (let step = 0; step < 2; step++) {
    const client = await github.forInstallation(installationId);
    expect((await client.request("GET /rate_limit")).status).toBe(200);
  }
});

test("concurrent steps share one request for a token", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_first");
  withToken("ghs_first").get("/rate_limit").times(5).reply(200, {});
  const steps = Array.from({ length: 5 }, async () => {
    const client = await github.forInstallation(installationId);
    return (await client.request("GET /rate_limit")).status;
  });
  expect(await Promise.all(steps)).toEqual([200, 200, 200, 200, 200]);
});

test("each installation has its own token", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_one", 1);
  expectTokenRequest("ghs_two", 2);
  withToken("ghs_one").get("/rate_limit").reply(200, {});
  withToken("ghs_two").get("/rate_limit").reply(200, {});
  for (const id of [1, 2]) {
    const client = await github.forInstallation(id);
    expect((await client.request("GET /rate_limit")).status).toBe(200);
  }
});

test("a refused token is replaced for the next step", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_first");
  withToken("ghs_first").get("/rate_limit").reply(401, { message: "Bad credentials" });
  const refused = (await github.forInstallation(installationId)).request("GET /rate_limit");
  await expect(refused).rejects.toMatchObject({ status: 401 });

  expectTokenRequest("ghs_second");
  withToken("ghs_second").get("/rate_limit").twice().reply(200, {});
  for (let step = 0; step < 2; step++) {
    await (await github.forInstallation(installationId)).request("GET /rate_limit");
  }
});

test("a late refusal of an old token does not replace the new one", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_first");
  withToken("ghs_first").get("/rate_limit").twice().reply(401, { message: "Bad credentials" });
  const [one, other] = [
    await github.forInstallation(installationId),
    await github.forInstallation(installationId),
  ];
  await expect(one.request("GET /rate_limit")).rejects.toMatchObject({ status: 401 });

  expectTokenRequest("ghs_second");
  withToken("ghs_second").get("/rate_limit").reply(200, {});
  await github.forInstallation(installationId);
  await expect(other.request("GET /rate_limit")).rejects.toMatchObject({ status: 401 });
  await (await github.forInstallation(installationId)).request("GET /rate_limit");
});

test("GITHUB_TOKEN is used without an installation", async () => {
  withToken(personalToken).get("/rate_limit").reply(200, {});
  const client = await createTestGitHub().forInstallation(null);
  expect((await client.request("GET /rate_limit")).status).toBe(200);
});

test("without credentials the error names what to configure", async () => {
  const github = createTestGitHub({ app: null, token: null });
  await expect(github.forInstallation(null)).rejects.toThrow(NoAccessError);
  await expect(github.forInstallation(null)).rejects.toThrow(/GITHUB_TOKEN/);
  await expect(github.forInstallation(installationId)).rejects.toThrow(NoAccessError);
  await expect(github.forInstallation(installationId)).rejects.toThrow(/APP_ID/);
});

test("GITHUB_TOKEN is never used for an installation", async () => {
  const github = createTestGitHub({ app: null });
  await expect(github.forInstallation(installationId)).rejects.toThrow(NoAccessError);
});

test("requests go to GITHUB_API_URL", async () => {
  const enterprise = "https://github.example.com/api/v3";
  nock(enterprise)
    .post(`/app/installations/${installationId}/access_tokens`)
    .reply(201, {
      token: "ghs_enterprise",
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      permissions: {},
    });
  nock(enterprise).get("/rate_limit").reply(200, {});
  const client = await createTestGitHub({ apiUrl: enterprise }).forInstallation(installationId);
  expect((await client.request("GET /rate_limit")).status).toBe(200);
});

test("a refused request is neither delayed nor retried in process", async () => {
  withToken(personalToken)
    .get("/rate_limit")
    .reply(403, { message: "API rate limit exceeded" }, { "retry-after": "1" });
  const client = await createTestGitHub().forInstallation(null);
  await expect(client.request("GET /rate_limit")).rejects.toMatchObject({ status: 403 });
});

test("a request without an answer times out within 15 s", async () => {
  const timeout = vi.spyOn(AbortSignal, "timeout");
  timeout.mockReturnValue(AbortSignal.abort(new DOMException("The operation timed out.", "TimeoutError")));
  nock(api).get("/rate_limit").optionally().reply(200, {});
  const client = await createTestGitHub().forInstallation(null);
  await expect(client.request("GET /rate_limit")).rejects.toThrow("timed out");
  expect(timeout.mock.calls.every(([ms]) => ms <= 15_000)).toBe(true);
  timeout.mockRestore();
  nock.cleanAll();
});

test.each([
  ["ends too early", '[{"id": 1}, {"id'],
  ["has no end", ""],
])("an answer whose JSON %s is an error of GitHub", async (_, body) => {
  withToken(personalToken).get("/rate_limit").reply(200, body, { "content-type": "application/json" });
  const client = await createTestGitHub().forInstallation(null);
  await expect(client.request("GET /rate_limit")).rejects.toMatchObject({ status: 500 });
});
