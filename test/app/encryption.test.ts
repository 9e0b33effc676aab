import { expect, test } from "vitest";
import { failures } from "../../src/fake-github/index.ts";
import { openEventEndpoint } from "../support/event-endpoint.ts";
import { useScene } from "../support/scene.ts";

const key = "a key of the events";
const secret = "The password is in the drawer";
const encrypted = { INNGEST_ENCRYPTION_KEY: key };
const scene = useScene({ environment: encrypted });

/** All that the queue has: the embedded one stores exactly what the SDK sends it, as Inngest would. */
async function queued(): Promise<string> {
  const tables = await scene.database.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'embedded_inngest'",
  );
  const rows = await Promise.all(tables.map(({ name }) => scene.database.query(`select * from ${name}`)));
  return JSON.stringify(rows);
}

function openSecretPullRequest(): void {
  const { github, web, ann } = scene;
  const pullRequest = github.openPullRequest({ repository: web, author: ann, title: secret, body: secret });
  scene.pass(2);
  github.createIssueComment({ on: pullRequest, author: ann, body: secret });
}

test("what events and steps contain of pull requests leaves the process encrypted, and captures store it", async () => {
  openSecretPullRequest();
  const stop = scene.github.intercept(failures.matching(/files/, failures.serverError()));
  await scene.deliver();
  const waiting = await queued();
  expect(waiting).toContain("__ENCRYPTED__");
  expect(waiting).not.toContain(secret);
  expect(waiting).not.toContain(key);
  expect(waiting).toContain("priority"); // which queues read
  stop();
  await scene.skipRetries();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.openJobs()).toEqual([]);
  expect(await scene.rows("github.comments")).toMatchObject([{ body: secret }]);
});

test("without a key, the events show it", async () => {
  await scene.restart({ INNGEST_ENCRYPTION_KEY: "" });
  openSecretPullRequest();
  scene.github.intercept(failures.matching(/files/, failures.serverError()));
  await scene.deliver();
  expect(await queued()).toContain(secret);
});

test("a failed capture keeps its decrypted event, and its replay succeeds", async () => {
  const stop = scene.github.intercept(failures.matching(/files/, failures.refused(451, "Gone")));
  openSecretPullRequest();
  await scene.deliver();
  const failed = await scene.jobs("state = 'failed'");
  expect(JSON.stringify(failed.map(({ event }) => event))).toContain(secret);
  stop();
  await scene.app.services.queue.replayJobs({});
  await scene.idle();
  expect(await scene.differences()).toEqual([]);
  expect(await scene.jobs("state = 'failed'")).toEqual([]);
});

test("the fallback key decrypts what was sent before a rotation, also when encryption ends", async () => {
  for (const next of [
    { INNGEST_ENCRYPTION_KEY: "the next key of events", INNGEST_ENCRYPTION_KEY_FALLBACK: key },
    { INNGEST_ENCRYPTION_KEY: "", INNGEST_ENCRYPTION_KEY_FALLBACK: key },
  ]) {
    await scene.reopen({ environment: encrypted });
    const stop = scene.github.intercept(failures.matching(/files/, failures.serverError()));
    openSecretPullRequest();
    await scene.deliver();
    await scene.restart(next);
    stop();
    await scene.skipRetries();
    expect(await scene.openJobs()).toEqual([]);
  }
});

test("with another key, captures fail with a sentence that says what to set, and a replay asks GitHub", async () => {
  const stop = scene.github.intercept(failures.matching(/files/, failures.serverError()));
  openSecretPullRequest();
  await scene.deliver();
  stop();
  await scene.restart({ INNGEST_ENCRYPTION_KEY: "the next key of events" });
  await scene.skipRetries();
  expect(await scene.openJobs()).toMatchObject([
    { state: "failed", error: { message: expect.stringContaining("INNGEST_ENCRYPTION_KEY_FALLBACK") } },
  ]);
  await scene.app.services.queue.replayJobs({});
  await scene.idle();
  expect(await scene.jobs("state = 'failed'")).toEqual([]);
  expect(await scene.differences()).toEqual([]);
});

test("requests to Inngest are encrypted, and within its size limit after encryption", async () => {
  const inngest = await openEventEndpoint();
  try {
    await scene.reopen({ environment: { ...encrypted, INNGEST_DEV: inngest.url } });
    const { github, web, ann } = scene;
    for (const kilobytes of [100, 180, 240])
      github.openPullRequest({
        repository: web,
        author: ann,
        title: secret,
        body: "x".repeat(kilobytes * 1000),
      });
    for (const delivery of scene.takeDeliveries()) expect(await scene.app.deliver(delivery)).toBe(200);
    const observed = inngest.bodies.map((body) => body.includes("__ENCRYPTED__"));
    expect(observed).toEqual([true, false, false]); // the others are asked of GitHub
    for (const body of inngest.bodies) {
      expect(body.length).toBeLessThan(256 * 1024);
      expect(body).not.toContain(secret);
      expect(body).not.toContain("xxxx");
    }
  } finally {
    inngest.close();
  }
});

test("the journal knows what an encrypted event was about", async () => {
  const inngest = await openEventEndpoint();
  try {
    await scene.reopen({ environment: { ...encrypted, INNGEST_DEV: inngest.url } });
    openSecretPullRequest();
    for (const delivery of scene.takeDeliveries()) expect(await scene.app.deliver(delivery)).toBe(200);
    await scene.app.services.journal?.flush();
    const journal = JSON.stringify(await scene.database.query("select * from capture.journal"));
    expect(journal).toContain('"lists":["issue_comments"]');
    expect(journal).not.toContain("__ENCRYPTED__");
    expect(journal).not.toContain(secret);
  } finally {
    inngest.close();
  }
});
