import { expect, test, vi } from "vitest";
import { failures, type Account, type Installation } from "../../src/fake-github/index.ts";
import { useScene } from "../support/scene.ts";

/** Two installations, one of which has reached GitHub's rate limit. */

const scene = useScene({ installation: "none" });

function installOn(login: string): { account: Account; installation: Installation } {
  const account = scene.github.createAccount({ login });
  return { account, installation: scene.github.install({ account }) };
}

/** Opens and delivers that many pull requests, each of which needs a request for its files. */
async function openPullRequests(account: Account, count: number): Promise<number> {
  const repository = scene.github.createRepository({ owner: account, name: "web" });
  scene.takeDeliveries();
  for (let index = 0; index < count; index++) {
    scene.github.after(index, () =>
      scene.github.openPullRequest({ repository, author: account, files: [{ filename: "a.ts" }] }),
    );
  }
  for (const delivery of scene.takeDeliveries()) expect(await scene.app.deliver(delivery)).toBe(200);
  return repository.id;
}

const captured = (repositoryId: number) =>
  scene.rows(`github.pull_requests where repository_id = ${repositoryId} and files_head_sha is not null`);

test.each([
  ["primary", failures.rateLimited(new Date(Date.now() + 3_600_000))],
  ["secondary", failures.secondaryLimited(3_600)],
])("a %s rate limit of one installation delays no other, and stops its requests", async (_, limit) => {
  const limited = installOn("cleo");
  const free = installOn("ben");
  scene.github.intercept((request, next) =>
    /\/repos\/cleo\//.test(request.url) ? limit(request, next) : undefined,
  );
  const waiting = await openPullRequests(limited.account, 40);
  const going = await openPullRequests(free.account, 5);

  await vi.waitFor(async () => expect(await captured(going)).toHaveLength(5), {
    timeout: 60_000,
    interval: 20,
  });
  await scene.app.idle();
  expect(await captured(waiting)).toEqual([]);
  expect(await scene.rows(`github.pull_requests where repository_id = ${waiting}`)).toHaveLength(40); // from payloads
  const refused = scene.github.requests.filter(({ intercepted }) => intercepted);
  expect(refused.length).toBeLessThanOrEqual(16); // those in flight when the first was refused
});
