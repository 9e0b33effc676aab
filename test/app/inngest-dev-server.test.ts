import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { sendWebhook } from "../support/send-webhook.ts";
import { startServer } from "../../src/testing/start-server.ts";
import { patience } from "../support/patience.ts";

/** The functions on the real Inngest server. Skipped where its CLI is not installed. */

const isInstalled = spawnSync("inngest", ["version"]).status === 0;
if (!isInstalled) {
  console.log(
    "Without the Inngest CLI the functions are not run on the real server. Install it: npm install --global inngest-cli",
  );
}

let devServer: ChildProcess;
let devServerUrl: string;
let folder: string;
let github: TestGitHub;

beforeAll(async () => {
  if (!isInstalled) return;
  folder = await mkdtemp(join(tmpdir(), "pr-capture-inngest-"));
  github = await openGitHub();
  const port = await freePort();
  devServerUrl = `http://127.0.0.1:${port}`;
  devServer = spawn("inngest", ["dev", "--no-discovery", "--port", String(port)], {
    cwd: folder,
    stdio: "ignore",
  });
  await vi.waitUntil(async () => (await fetch(devServerUrl).catch(() => null))?.ok, {
    timeout: 30_000,
    interval: 100,
  });
});
afterAll(async () => {
  if (!isInstalled) return;
  devServer.kill("SIGKILL");
  await github.close();
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test.skipIf(!isInstalled)(
  "the Inngest Dev Server completes the jobs of a pull request's deliveries",
  async () => {
    const ann = github.createAccount({ login: "ann" });
    const acme = github.createOrganization({ login: "acme", members: [ann] });
    const repository = github.createRepository({ owner: acme, name: "web" });
    github.install({ account: acme });
    github.deliveries.length = 0;
    const pullRequest = github.after(0, () => github.openPullRequest({ repository, author: ann }));
    github.after(10, () => github.submitReview({ pullRequest, author: ann, comments: [{ body: "Why?" }] }));
    github.after(20, () => github.createIssueComment({ on: pullRequest, author: ann, body: "Because" }));

    const server = await startServer({
      DATA_DIR: join(folder, "data"),
      GITHUB_API_URL: github.url,
      INNGEST_DEV: devServerUrl,
    });
    try {
      for (const delivery of github.deliveries) expect(await sendWebhook(server.url, delivery)).toBe(200);
      await vi.waitFor(async () => {
        const health = (await (await fetch(`${server.url}/healthz`)).json()) as { jobs: unknown };
        expect(health.jobs).toMatchObject({ completed: github.deliveries.length, failed: 0 });
      }, patience);
    } finally {
      await server.end("SIGTERM");
    }
  },
);
