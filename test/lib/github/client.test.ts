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

test("an installation's token is obtained once and used again", async () => {
  const github = createTestGitHub();
  expectTokenRequest("ghs_first");
  withToken("ghs_first").get("/rate_limit").twice().reply(200, {});
  for (let step = 0; step < 2; step++) {
    const client = await github.forInstallation(installationId);
    expect((await client.request("GET /rate_limit")).status).toBe(200);
  }
});

test("steps that begin together share one request for a token", async () => {
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

test("a token that GitHub refuses is replaced for the next step, and the new one is kept", async () => {
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

test("a late refusal of a token that has been replaced leaves the new one in use", async () => {
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

test("where there is no installation GITHUB_TOKEN reads", async () => {
  withToken(personalToken).get("/rate_limit").reply(200, {});
  const client = await createTestGitHub().forInstallation(null);
  expect((await client.request("GET /rate_limit")).status).toBe(200);
});

test("without anything to ask with, it says what to configure", async () => {
  const github = createTestGitHub({ app: null, token: null });
  await expect(github.forInstallation(null)).rejects.toThrow(NoAccessError);
  await expect(github.forInstallation(null)).rejects.toThrow(/GITHUB_TOKEN/);
  await expect(github.forInstallation(installationId)).rejects.toThrow(NoAccessError);
  await expect(github.forInstallation(installationId)).rejects.toThrow(/APP_ID/);
});

test("an installation is never read with GITHUB_TOKEN instead", async () => {
  const github = createTestGitHub({ app: null });
  await expect(github.forInstallation(installationId)).rejects.toThrow(NoAccessError);
});

test("another server is asked where GITHUB_API_URL says", async () => {
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

test("a refusal is neither waited for nor tried again in process", async () => {
  withToken(personalToken)
    .get("/rate_limit")
    .reply(403, { message: "API rate limit exceeded" }, { "retry-after": "1" });
  const client = await createTestGitHub().forInstallation(null);
  await expect(client.request("GET /rate_limit")).rejects.toMatchObject({ status: 403 });
});

test("a request that GitHub does not answer is given up within 15 s", async () => {
  const timeout = vi.spyOn(AbortSignal, "timeout");
  timeout.mockReturnValue(AbortSignal.abort(new DOMException("The operation timed out.", "TimeoutError")));
  nock(api).get("/rate_limit").optionally().reply(200, {});
  const client = await createTestGitHub().forInstallation(null);
  await expect(client.request("GET /rate_limit")).rejects.toThrow("timed out");
  expect(timeout.mock.calls.every(([ms]) => ms <= 15_000)).toBe(true);
  timeout.mockRestore();
  nock.cleanAll();
});
