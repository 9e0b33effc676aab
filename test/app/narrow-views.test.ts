import { beforeEach, describe, expect, test } from "vitest";
import type { Account, PullRequest, Repository } from "../../src/fake-github/index.ts";
import { repositorySync } from "../../src/lib/inngest/events.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene, type SceneOptions } from "../support/scene.ts";

/** GraphQL shows an installation less than webhooks do. A sync removes nothing from rows that webhooks wrote. */

const scene = useScene();
const { deliver, differences, rows } = scene;

let github: TestGitHub;
let ann: Account;
let web: Repository;
let helper: Account;

beforeEach(begin);

function begin(): void {
  ({ github, ann, web } = scene);
  helper = github.after(-60, () => github.createAccount({ login: "helper", type: "Bot" }));
}

async function reopen(options: SceneOptions): Promise<void> {
  await scene.reopen(options);
  begin();
}

async function sync(): Promise<void> {
  await scene.app.services.inngest.send(
    repositorySync.create({
      repository: { id: web.id, owner: "acme", name: web.name },
      installationId: scene.installation.id,
      reason: "backfill",
      priority: "medium",
    }),
  );
  await scene.idle();
  expect(await scene.openJobs()).toEqual([]);
}

const pullRequestRow = async () => (await rows("github.pull_requests"))[0];

describe("a bot that is assigned", () => {
  let pullRequest: PullRequest;

  const openAssigned = () =>
    github.after(0, () => {
      pullRequest = github.openPullRequest({ repository: web, author: ann, assignees: [ann, helper] });
    });

  test("an assigned bot is captured by a sync alone", async () => {
    openAssigned();
    await sync();
    expect(await differences()).toEqual([]);
  });

  test("an assigned bot stays assigned after a sync, although an older server lists only users", async () => {
    await reopen({ assignedActors: false });
    openAssigned();
    await deliver();
    await sync();
    expect(await differences()).toEqual([]);

    github.after(60, () => github.unassign(pullRequest, ann));
    scene.takeDeliveries();
    await sync();
    expect(await pullRequestRow()).toMatchObject({ assignees: [helper.id] });
  });

  test("an older server refuses the query for assigned bots once, whatever the number of syncs", async () => {
    await reopen({ assignedActors: false });
    openAssigned();
    await sync();
    await sync();
    const asked = github.requests.filter(({ query }) => query?.includes("assignedActors("));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ cost: 0 });
  });
});

test("a fork that the installation cannot see stays the head's repository after a sync", async () => {
  github.after(0, () => {
    const fork = github.createRepository({ owner: ann, name: "web", fork: true, private: true });
    github.openPullRequest({ repository: web, author: ann, head: { repository: fork } });
  });
  await deliver();
  await sync();
  expect(await differences()).toEqual([]);
});

test("commits that the App cannot see keep the values that webhooks stored", async () => {
  await reopen({ hiddenFields: ["PullRequestReview.commit", "PullRequest.mergeCommit"] });
  github.after(0, () => {
    const pullRequest = github.openPullRequest({ repository: web, author: ann });
    github.submitReview({ pullRequest, author: helper, state: "APPROVED" });
    github.mergePullRequest(pullRequest);
  });
  await deliver();
  await sync();
  expect(await differences()).toEqual([]);
});

describe("two bots with the login Copilot", () => {
  const bots = () => [
    github.createAccount({
      login: "Copilot",
      slug: "copilot-pull-request-reviewer",
      type: "Bot",
      id: 175728472,
    }),
    github.createAccount({ login: "Copilot", slug: "copilot-swe-agent", type: "Bot", id: 198982749 }),
  ];

  test("two bots keep their common login, although GraphQL names them differently", async () => {
    github.after(0, () => {
      const [reviewer = ann, agent = ann] = bots();
      const pullRequest = github.openPullRequest({ repository: web, author: agent, assignees: [agent] });
      github.submitReview({ pullRequest, author: reviewer, state: "COMMENTED", body: "Fine." });
    });
    await deliver();
    await sync();
    expect(await differences()).toEqual([]);
  });

  test("a delivery corrects the login that a sync read from GraphQL", async () => {
    github.after(0, () => {
      const [, agent = ann] = bots();
      github.openPullRequest({ repository: web, author: agent });
    });
    const opened = scene.takeDeliveries();
    await sync();
    expect(await rows("github.accounts")).toMatchObject([{ login: "copilot-swe-agent[bot]" }]);
    await deliver(opened);
    expect(await differences()).toEqual([]);
  });
});
