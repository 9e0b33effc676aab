import { beforeEach, expect, test } from "vitest";
import type { Repository } from "../../src/fake-github/index.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { adminToken, useScene } from "../support/scene.ts";

/** Public repositories that GITHUB_TOKEN reads. No webhook announces their changes. */

const scene = useScene({
  installation: "none",
  environment: { GITHUB_TOKEN: "ghp_valid" },
  personalTokens: ["ghp_valid"],
});
const { gaps, reconcileUpdates, rows } = scene;

let github: TestGitHub;
let web: Repository;

const open = (second: number) =>
  github.quietly(() =>
    github.after(second, () => github.openPullRequest({ repository: web, author: scene.ann })),
  );

beforeEach(async () => {
  ({ github, web } = scene);
  open(-30);
  await scene.backfill();
  expect(await gaps()).toEqual([]);
  scene.pass(60);
});

test("a renamed repository is found, also after another took its name", async () => {
  github.quietly(() => github.renameRepository(web, "site"));
  await reconcileUpdates();
  expect(await rows("github.repositories")).toMatchObject([{ id: web.id, name: "site" }]);

  scene.pass(60);
  github.quietly(() => github.renameRepository(web, "shop"));
  github.quietly(() => github.createRepository({ owner: scene.acme, name: "site" }));
  open(10);
  await reconcileUpdates(); // finds the name
  scene.pass(60);
  await reconcileUpdates();
  expect(await rows("github.repositories")).toMatchObject([{ id: web.id, name: "shop" }]);
  expect(await rows("github.pull_requests")).toHaveLength(2);
  expect(await gaps()).toEqual([]);
});

test("a repository that was archived or has another default branch is found", async () => {
  github.quietly(() => {
    github.archiveRepository(web);
    github.editRepository(web, { defaultBranch: "next" });
  });
  await reconcileUpdates();
  expect(await rows("github.repositories")).toMatchObject([{ archived: true, default_branch: "next" }]);
});

test("a repository that GitHub no longer shows is unknown until it is back", async () => {
  github.quietly(() => github.privatizeRepository(web));
  await reconcileUpdates();
  expect(await gaps()).toEqual(["pull_requests null 1/null"]);
  expect(await scene.jobs("state = 'failed'")).toEqual([]);
  const overview = await fetch(`${scene.app.url}/api/overview`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(await overview.json()).toMatchObject({
    status: "unknown",
    sentence: "acme/web has no complete inventory, or is not shown by GitHub any more; its state is unknown.",
  });

  github.quietly(() => github.publicizeRepository(web));
  open(10);
  await reconcileUpdates();
  expect(await rows("github.pull_requests")).toHaveLength(2);
  expect(await gaps()).toEqual([]);
});
