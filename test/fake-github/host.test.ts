import { expect, test } from "vitest";
import { failures, serveGitHub } from "../../src/fake-github/index.ts";
import { createSmallTeam, json, jwt, tokenFor } from "./small-team.ts";

/** A JWT as @octokit/auth-app issues it: 30 seconds back, for ten minutes. */
function askAsApp({ github, clock }: ReturnType<typeof createSmallTeam>) {
  const seconds = clock.now().getTime() / 1000 - 30;
  const headers = { authorization: `Bearer ${jwt(clock.now(), { iat: seconds, exp: seconds + 600 })}` };
  return github.fetch(new Request("https://api.github.com/app", { headers }));
}

const tooNew =
  "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
const expired =
  "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";

test.each([
  { clockSkew: -30, status: 200, message: undefined, date: "Mon, 02 Mar 2026 08:59:30 GMT" },
  { clockSkew: -31, status: 401, message: tooNew, date: "Mon, 02 Mar 2026 08:59:29 GMT" },
  { clockSkew: 569, status: 200, message: undefined, date: "Mon, 02 Mar 2026 09:09:29 GMT" },
  { clockSkew: 570, status: 401, message: expired, date: "Mon, 02 Mar 2026 09:09:30 GMT" },
])(
  "a JWT is checked by GitHub's clock, which is $clockSkew s off: $status",
  async ({ clockSkew, ...expected }) => {
    const response = await askAsApp(createSmallTeam({ clockSkew }));
    const { message } = await json<{ message?: string }>(response);
    expect({ status: response.status, message, date: response.headers.get("date") }).toEqual(expected);
  },
);

test("an Enterprise Server serves REST below its base path and GraphQL beside it", async () => {
  const { github, ann, repository, installation, clock } = createSmallTeam({ basePath: "/api/v3" });
  for (let count = 0; count < 2; count++) github.openPullRequest({ repository, author: ann });
  const server = await serveGitHub(github);
  expect(server.url).toMatch(/\/api\/v3$/);
  const origin = new URL(server.url).origin;
  const token = await tokenFor(github, installation.id, clock.now(), server.url);
  const headers = { authorization: `token ${token}` };

  const listed = await fetch(`${server.url}/repos/acme/web/pulls?per_page=1`, { headers });
  const [, next = ""] = /<([^>]+)>; rel="next"/.exec(listed.headers.get("link") ?? "") ?? [];
  expect(next).toBe(`${server.url}/repositories/${repository.id}/pulls?per_page=1&page=2`);
  expect(await (await fetch(next, { headers })).json()).toMatchObject([{ number: 1 }]);
  github.renameRepository(repository, "site");
  expect((await fetch(`${server.url}/repos/acme/web`, { headers })).url).toBe(
    `${server.url}/repositories/${repository.id}`, // redirected
  );

  const ask = (url: string) =>
    fetch(url, { method: "POST", headers, body: JSON.stringify({ query: "{ rateLimit { cost } }" }) });
  expect(await (await ask(`${origin}/api/graphql`)).json()).toEqual({ data: { rateLimit: { cost: 1 } } });
  for (const path of ["/api/v3/graphql", "/graphql"])
    expect((await ask(`${origin}${path}`)).status).toBe(404);
  expect((await fetch(`${origin}/repos/acme/site`, { headers })).status).toBe(404);

  github.intercept(failures.matching(/^POST \/graphql/, failures.serverError(502))); // as on github.com
  expect((await ask(`${origin}/api/graphql`)).status).toBe(502);
  expect(github.requests.at(-1)).toMatchObject({ path: "/graphql", status: 502 });
  await server.close();
});

test("a story can date the answers, and its clock checks JWTs by default", async () => {
  const answeredAt = () => new Date("2026-03-02T07:00:00Z");
  const strict = createSmallTeam({ answeredAt });
  const refused = await askAsApp(strict);
  expect([refused.status, refused.headers.get("date")]).toEqual([401, "Mon, 02 Mar 2026 07:00:00 GMT"]);
  strict.github.intercept(failures.serverError(502));
  expect((await askAsApp(strict)).headers.get("date")).toBe("Mon, 02 Mar 2026 07:00:00 GMT");

  const lenient = createSmallTeam({ answeredAt, checksJwtTime: false });
  expect((await askAsApp(lenient)).status).toBe(200);
  const { updatedAt } = lenient.github.openPullRequest({
    repository: lenient.repository,
    author: lenient.ann,
  });
  expect(updatedAt).toBe("2026-03-02T09:00:00Z");
});
