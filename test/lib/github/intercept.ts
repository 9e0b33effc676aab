import nock from "nock";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { createGitHub, type GitHub, type GitHubOptions } from "../../../src/lib/github/client.ts";
import { testEnvironment } from "../../../src/testing/test-config.ts";

export const api = "https://api.github.com";

/** Answers for GitHub. A test must request each of them, and nothing else. */
export function interceptGitHub(): void {
  beforeAll(() => {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
  });
  afterEach(() => {
    const left = nock.pendingMocks();
    nock.cleanAll();
    expect(left).toEqual([]);
  });
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });
}

export const installationId = 51;
export const personalToken = "ghp_personal";

export function createTestGitHub(options: Partial<GitHubOptions> = {}): GitHub {
  const app = { id: Number(testEnvironment.APP_ID), privateKey: testEnvironment.PRIVATE_KEY };
  return createGitHub({ apiUrl: api, app, token: personalToken, ...options });
}

/** Answers one request for the installation's token. */
export function expectTokenRequest(token: string, id = installationId): void {
  nock(api, { reqheaders: { authorization: /^bearer [\w-]+\.[\w-]+\.[\w-]+$/ } })
    .post(`/app/installations/${id}/access_tokens`)
    .reply(201, { token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions: {} });
}

/** Matches requests with that token only. */
export function withToken(token: string): nock.Scope {
  return nock(api, { reqheaders: { authorization: `token ${token}` } });
}

export const ref = { repository: { id: 186853002, owner: "Codertocat", name: "Hello-World" }, number: 2 };
