import { expect, test } from "vitest";
import { createSmallTeam, json } from "./small-team.ts";

/** https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */

const manifest = {
  name: "pr-capture-acme",
  url: "https://capture.example",
  redirect_url: "https://capture.example/?from=github",
  setup_url: "https://capture.example/",
  hook_attributes: { url: "https://capture.example/hook" },
  default_permissions: { pull_requests: "read" },
  default_events: ["pull_request"],
};

interface Converted {
  id: number;
  pem: string;
  webhook_secret: string;
  html_url: string;
}

function createVisit(options: Parameters<typeof createSmallTeam>[0] = {}) {
  const team = createSmallTeam(options);
  const { github } = team;
  github.visitAs(team.ann);
  const post = (path: string, form: Record<string, string> = {}, host = "https://github.com") =>
    github.fetch(new Request(`${host}${path}`, { method: "POST", body: new URLSearchParams(form) }));
  const register = (more: Record<string, string> = {}) =>
    post("/organizations/acme/settings/apps", {
      manifest: JSON.stringify(manifest),
      state: "s",
      name: manifest.name,
      ...more,
    });
  const codeOf = (response: Response) =>
    new URL(response.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const convert = (code: string) => post(`/app-manifests/${code}/conversions`, {}, "https://api.github.com");
  return { ...team, post, register, codeOf, convert };
}

test("the form posts a manifest, GitHub redirects with a code and the state, and the code becomes credentials once", async () => {
  const { post, register, codeOf, convert, github } = createVisit();
  const path = "/organizations/acme/settings/apps/new?state=s";
  const page = await post(path, { manifest: JSON.stringify(manifest) });
  expect(await page.text()).toContain("Create GitHub App for acme");

  const redirect = await register();
  expect(redirect.headers.get("location")).toMatch(
    /^https:\/\/capture\.example\/\?from=github&code=\w+&state=s$/,
  );
  const converted = await convert(codeOf(redirect));
  expect(converted.status).toBe(201);
  const app = await json<Converted>(converted);
  expect(app).toMatchObject({
    slug: "pr-capture-acme",
    owner: { login: "acme" },
    html_url: "https://github.com/apps/pr-capture-acme",
    permissions: manifest.default_permissions,
    events: manifest.default_events,
    pem: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----/),
  });
  expect(github.app).toMatchObject({ id: app.id, webhookSecret: app.webhook_secret });
  expect((await convert(codeOf(redirect))).status).toBe(404);
});

test("a code expires after an hour", async () => {
  const { register, codeOf, convert, clock } = createVisit();
  const code = codeOf(await register());
  clock.advance(3601);
  expect((await convert(code)).status).toBe(404);
});

test("a name that is taken is refused on the page", async () => {
  const { register, github } = createVisit();
  const page = await register({ name: github.app.name });
  expect(await page.text()).toContain("Name is already taken");
});

test("only its members register an App of an organization", async () => {
  const { github, stranger, register } = createVisit();
  github.visitAs(stranger);
  expect((await register()).status).toBe(404);
});

test("the installation page installs the App with its events, and sends people to its setup URL", async () => {
  const { github, register, post, org } = createVisit();
  await register();
  github.deliveries.length = 0;
  const answer = await post("/apps/pr-capture-acme/installations", { selection: "all" });
  const installation = [...github.state.installations.values()].at(-1);
  expect(installation).toMatchObject({ account: org, events: ["pull_request"] });
  expect(answer.headers.get("location")).toBe(
    `https://capture.example/?installation_id=${installation?.id}&setup_action=install`,
  );
  expect(github.deliveries).toMatchObject([{ name: "installation", payload: { action: "created" } }]);
});

test("an Enterprise Server has the pages of its Apps at another path", async () => {
  const { github, register, codeOf } = createVisit({ basePath: "/api/v3" });
  const code = codeOf(await register());
  const url = `https://ghe.example/api/v3/app-manifests/${code}/conversions`;
  const app = await json<Converted>(await github.fetch(new Request(url, { method: "POST" })));
  expect(app.html_url).toMatch(/\/github-apps\/pr-capture-acme$/);
  const page = await github.fetch(
    new Request("https://ghe.example/github-apps/pr-capture-acme/installations/new"),
  );
  expect(await page.text()).toContain("Install pr-capture-acme");
});
