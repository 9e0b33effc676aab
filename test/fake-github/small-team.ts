import { createFakeGitHub, type FakeGitHub, type FakeGitHubOptions } from "../../src/fake-github/index.ts";

/** A clock that only the test moves. */
export function createClock(start = "2026-03-02T09:00:00Z") {
  let now = new Date(start);
  return {
    now: () => now,
    advance(seconds: number) {
      now = new Date(now.getTime() + seconds * 1000);
    },
  };
}

/** Creates an organization with a private repository and the App, three people and a bot. */
export function createSmallTeam(options: FakeGitHubOptions = {}) {
  const clock = createClock();
  const github = createFakeGitHub({ now: clock.now, appId: 7, seed: 1, ...options });
  const ann = github.createAccount({ login: "ann" });
  const ben = github.createAccount({ login: "ben" });
  const stranger = github.createAccount({ login: "stranger" });
  const bot = github.createAccount({ login: "helper", type: "Bot" });
  const org = github.createOrganization({ login: "acme", members: [ann, ben] });
  const installation = github.install({ account: org });
  const repository = github.createRepository({ owner: org, name: "web", private: true });
  return { github, clock, ann, ben, stranger, bot, org, installation, repository };
}

export function jwt(now: Date, claims: Record<string, unknown> = {}): string {
  const seconds = Math.floor(now.getTime() / 1000);
  return [
    encode({ alg: "RS256" }),
    encode({ iss: 7, iat: seconds - 60, exp: seconds + 540, ...claims }),
    "signature",
  ].join(".");
}

export async function tokenFor(
  github: FakeGitHub,
  installationId: number,
  now: Date,
  base = "https://api.github.com",
): Promise<string> {
  const response = await github.fetch(
    new Request(`${base}/app/installations/${installationId}/access_tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${jwt(now)}` },
    }),
  );
  const { token } = await json<{ token: string }>(response);
  return token;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Reads JSON without checking its type. The test's expectations do. */
export async function json<T>(response: Response): Promise<T> {
  return JSON.parse(await response.text());
}

/** Requests with the token, or without one. Does not follow redirects. */
export function createReader(github: FakeGitHub, token: string | null) {
  const headers: Record<string, string> = token === null ? {} : { authorization: `token ${token}` };
  return {
    get: (path: string, more: Record<string, string> = {}) =>
      github.fetch(
        new Request(new URL(path, "https://api.github.com"), { headers: { ...headers, ...more } }),
      ),
    async list<T>(path: string): Promise<T[]> {
      const response = await this.get(path);
      return json<T[]>(response);
    },
    async query(query: string, variables: Record<string, unknown> = {}): Promise<GraphqlBody> {
      const body = JSON.stringify({ query, variables });
      const response = await github.fetch(
        new Request("https://api.github.com/graphql", { method: "POST", headers, body }),
      );
      return json<GraphqlBody>(response);
    },
  };
}

export interface GraphqlBody {
  // oxlint-disable-next-line typescript/no-explicit-any -- the query decides
  data?: any;
  errors?: { type?: string; message: string; path?: (string | number)[]; extensions?: unknown }[];
  message?: string;
}
