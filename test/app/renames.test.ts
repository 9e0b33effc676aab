import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  failures,
  type Account,
  type PullRequest,
  type Repository,
  type WebhookDelivery,
} from "../../src/fake-github/index.ts";
import { compareRows } from "../../src/testing/compare-rows.ts";
import { toTruth } from "../../src/testing/truth.ts";
import { resetDatabase } from "../support/database.ts";
import type { TestGitHub } from "../support/open-github.ts";
import { useScene } from "../support/scene.ts";

/** Renames of labels, milestones, organizations and users. They do not change `updated_at` of any pull request. */

const scene = useScene({ installation: "delivered" });
const { deliver, differences, openJobs, pass, reconcileUpdates, rows, takeDeliveries } = scene;

let github: TestGitHub;
let ann: Account;
let acme: Account;
let web: Repository;

beforeEach(() => {
  ({ github, ann, acme, web } = scene);
});

/** The events that the reconciler sent because something differed, except for syncs. */
async function reconcilerEvents(): Promise<unknown[]> {
  const jobs = await scene.jobs("reason = 'reconcile'");
  return jobs.map(({ event_name }) => event_name).filter((name) => !/(reconcile|sync)$/.test(String(name)));
}

/** Replaces fields of the payload, or of one of its objects. Undefined removes a field. */
function withFields(delivery: WebhookDelivery, fields: object, subject?: string): WebhookDelivery {
  const payload = structuredClone(delivery.payload);
  Object.assign(subject ? Object(payload[subject]) : payload, fields);
  return { ...delivery, payload };
}

function labelOf(pullRequest: PullRequest, name: string) {
  const found = pullRequest.labels.find((label) => label.name === name);
  if (!found) throw new Error(`The pull request has no label ${name}.`);
  return found;
}

/** Opens a pull request and delivers it. */
async function openPullRequest(
  options: { labels?: string[]; milestone?: string } = {},
): Promise<PullRequest> {
  const pullRequest = github.after(0, () =>
    github.openPullRequest({
      repository: web,
      author: ann,
      labels: options.labels ?? [],
      ...(options.milestone && { milestone: github.createMilestone(web, options.milestone, ann) }),
    }),
  );
  await deliver();
  return pullRequest;
}

describe("a label", () => {
  test("a renamed label is renamed in every pull request that has it", async () => {
    const first = await openPullRequest({ labels: ["bug", "docs"] });
    await openPullRequest({ labels: ["bug"] });
    github.after(10, () => github.renameLabel(labelOf(first, "bug"), "defect"));
    await deliver();
    expect(await rows("github.pull_requests")).toMatchObject([
      { labels: ["defect", "docs"] },
      { labels: ["defect"] },
    ]);
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });

  test.each([
    ["null", { changes: null }],
    ["absent", { changes: undefined }],
    ["empty", { changes: {} }],
    ["without the old name", { changes: { name: null, color: { from: "ffffff" } } }],
  ])("a renamed label has its new name when the payload's changes are %s", async (_, changes) => {
    const pullRequest = await openPullRequest({ labels: ["bug", "docs"] });
    github.after(10, () => github.renameLabel(labelOf(pullRequest, "bug"), "defect"));
    await deliver(takeDeliveries().map((delivery) => withFields(delivery, changes)));
    expect(await rows("github.pull_requests")).toMatchObject([{ labels: ["defect", "docs"] }]);
    expect(await openJobs()).toEqual([]);
  });

  test.each(["edited", "deleted"])(
    "a label that is %s is found by its name when the payload has no id",
    async (action) => {
      const pullRequest = await openPullRequest({ labels: ["bug", "docs"] });
      github.after(10, () => {
        const bug = labelOf(pullRequest, "bug");
        if (action === "edited") github.renameLabel(bug, "defect");
        else github.deleteLabel(bug, { announcedByPullRequests: false });
      });
      pass(20);
      await deliver(takeDeliveries().map((delivery) => withFields(delivery, { node_id: null }, "label")));
      expect(await differences()).toEqual([]);
      expect(await openJobs()).toEqual([]);
    },
  );

  test("a label's new color causes no request to GitHub", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    github.requests.length = 0;
    github.recolorLabel(labelOf(pullRequest, "bug"), "ffffff");
    await deliver();
    expect(github.requests).toEqual([]);
  });

  test("a pull request's late payload does not undo the rename of a label", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    github.after(5, () => github.editPullRequest(pullRequest, { title: "Newer" }));
    const late = takeDeliveries();
    github.after(10, () => github.renameLabel(labelOf(pullRequest, "bug"), "defect"));
    await deliver();
    await deliver(late);
    expect(await rows("github.pull_requests")).toMatchObject([{ title: "Newer", labels: ["defect"] }]);
  });

  test("the later of two renames wins when they arrive in the wrong order", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    github.after(10, () => github.renameLabel(labelOf(pullRequest, "bug"), "defect"));
    github.after(20, () => github.renameLabel(labelOf(pullRequest, "defect"), "fault"));
    await deliver(takeDeliveries().toReversed());
    expect(await differences()).toEqual([]);
  });

  test("a label that is renamed and renamed back has its first name", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    github.after(10, () => github.renameLabel(labelOf(pullRequest, "bug"), "defect"));
    github.after(20, () => github.renameLabel(labelOf(pullRequest, "defect"), "bug"));
    await deliver(takeDeliveries().toReversed());
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });

  test("a label has its new name although the first answer comes from a replica that lags", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    const label = labelOf(pullRequest, "bug");
    github.after(10, () => github.renameLabel(label, "defect"));
    const stop = github.intercept(async (_request, forward) => {
      stop();
      const response = await forward();
      const body = (await response.text()).replace('"defect"', '"bug"');
      return new Response(body, { headers: response.headers });
    });
    await deliver();
    expect(await differences()).toEqual([]);
  });

  test.each([true, false])(
    "a deleted label is removed from every pull request (with pull request webhooks: %s)",
    async (announcedByPullRequests) => {
      const pullRequest = await openPullRequest({ labels: ["bug", "docs"] });
      github.after(5, () => github.editPullRequest(pullRequest, { title: "Newer" }));
      const late = takeDeliveries();
      github.after(10, () => github.deleteLabel(labelOf(pullRequest, "bug"), { announcedByPullRequests }));
      const deletion = takeDeliveries();
      await deliver([...deletion, ...deletion]);
      await deliver(late);
      expect(await differences()).toEqual([]);
    },
  );

  test("the late deletion of a label does not remove a new label with the same name", async () => {
    const first = await openPullRequest({ labels: ["bug"] });
    const second = await openPullRequest();
    const deletion = github.after(10, () => {
      github.deleteLabel(labelOf(first, "bug"), { announcedByPullRequests: false });
      return takeDeliveries();
    });
    github.after(20, () => github.label(second, "bug"));
    await deliver();
    await deliver(deletion);
    expect(await rows("github.pull_requests")).toMatchObject([{ labels: [] }, { labels: ["bug"] }]);
  });

  test("a label that is renamed and then deleted is removed when the deletion arrives first", async () => {
    const pullRequest = await openPullRequest({ labels: ["bug"] });
    github.after(10, () => github.renameLabel(labelOf(pullRequest, "bug"), "defect"));
    github.after(20, () =>
      github.deleteLabel(labelOf(pullRequest, "defect"), { announcedByPullRequests: false }),
    );
    await deliver(takeDeliveries().toReversed());
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });
});

describe("a milestone", () => {
  test("pull requests show that their milestone is renamed, closed and deleted, without a request to GitHub", async () => {
    const pullRequest = await openPullRequest({ milestone: "v1" });
    const { milestone } = pullRequest;
    if (!milestone) throw new Error("The pull request has no milestone.");
    github.requests.length = 0;
    github.after(10, () => github.editMilestone(milestone, { title: "v2" }));
    const renamed = takeDeliveries();
    github.after(20, () => github.closeMilestone(milestone));
    const closed = takeDeliveries();
    await deliver([...closed, ...renamed]);
    expect(await differences()).toEqual([]);
    github.after(30, () => github.deleteMilestone(milestone, { announcedByPullRequests: false }));
    await deliver();
    await deliver(renamed);
    expect(await rows("github.pull_requests")).toMatchObject([
      { milestone_number: null, milestone_title: null },
    ]);
    expect(await differences()).toEqual([]);
    expect(github.requests).toEqual([]);
  });

  test.each([
    ["title", { title: null }],
    ["title and node id", { title: undefined, node_id: null }],
    ["node id", { node_id: undefined }],
  ])("a renamed milestone has its new title when the payload lacks its %s", async (_, lacking) => {
    const { milestone } = await openPullRequest({ milestone: "v1" });
    if (!milestone) throw new Error("The pull request has no milestone.");
    github.after(10, () => github.editMilestone(milestone, { title: "v2" }));
    pass(20);
    await deliver(takeDeliveries().map((delivery) => withFields(delivery, lacking, "milestone")));
    expect(await rows("github.pull_requests")).toMatchObject([{ milestone_title: "v2" }]);
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });

  test("a milestone that is renamed twice within a second has GitHub's title when the payload has no node id", async () => {
    const { milestone } = await openPullRequest({ milestone: "v1" });
    if (!milestone) throw new Error("The pull request has no milestone.");
    github.after(10, () => github.editMilestone(milestone, { title: "v2" }));
    github.after(10, () => github.editMilestone(milestone, { title: "v3" }));
    pass(20);
    const deliveries = takeDeliveries().map((delivery) =>
      withFields(delivery, { node_id: null }, "milestone"),
    );
    await deliver(deliveries.toReversed());
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });

  test("a milestone that is renamed twice within a second has GitHub's title", async () => {
    const pullRequest = await openPullRequest({ milestone: "v1" });
    const { milestone } = pullRequest;
    if (!milestone) throw new Error("The pull request has no milestone.");
    github.after(10, () => github.editMilestone(milestone, { title: "v2" }));
    github.after(10, () => github.editMilestone(milestone, { title: "v3" }));
    await deliver(takeDeliveries().toReversed());
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });
});

describe("an account that the App is installed on", () => {
  test("a renamed account renames its repositories, and a late delivery does not undo it", async () => {
    const pullRequest = await openPullRequest();
    github.after(5, () => github.editPullRequest(pullRequest, { title: "Newer" }));
    const late = takeDeliveries();
    github.renameAccount(acme, "acme-inc");
    await deliver();
    await deliver(late);
    expect(await rows("github.repositories")).toMatchObject([{ full_name: "acme-inc/web" }]);
    expect(await rows("github.accounts")).toContainEqual(
      expect.objectContaining({ id: acme.id, login: "acme-inc" }),
    );
    expect(await differences()).toEqual([]);
  });

  test.each([
    ["changes are null", { changes: null }],
    ["changes lack the login", { changes: { login: null } }],
  ])("a renamed account renames its repositories when the %s", async (_, changes) => {
    await openPullRequest();
    github.renameAccount(acme, "acme-inc");
    await deliver(
      takeDeliveries().map((delivery) =>
        delivery.name === "installation_target" ? withFields(delivery, changes) : delivery,
      ),
    );
    expect(await rows("github.repositories")).toMatchObject([{ full_name: "acme-inc/web" }]);
    expect(await openJobs()).toEqual([]);
  });

  test("a renamed user renames their repositories", async () => {
    const ben = github.createAccount({ login: "ben" });
    github.createRepository({ owner: ben, name: "dotfiles" });
    github.install({ account: ben });
    await deliver();
    github.renameAccount(ben, "benjamin");
    await deliver();
    expect(await rows("github.repositories")).toContainEqual(
      expect.objectContaining({ full_name: "benjamin/dotfiles" }),
    );
  });

  test("a renamed account does not take back a repository that was transferred", async () => {
    const other = github.createOrganization({ login: "other" });
    github.after(10, () => github.transferRepository(web, other));
    const transferred = takeDeliveries();
    github.renameAccount(acme, "acme-inc");
    await deliver([...transferred, ...takeDeliveries()]);
    expect(await rows("github.repositories")).toMatchObject([{ full_name: "other/web" }]);
  });
});

describe("a name that another repository has taken, unannounced", () => {
  beforeEach(async () => {
    await openPullRequest();
    await scene.backfill();
    github.quietly(() => {
      github.renameRepository(web, "old-web");
      const other = github.createRepository({ owner: acme, name: "web" });
      const pullRequest = github.openPullRequest({ repository: other, author: ann });
      github.submitReview({ pullRequest, author: ann, body: "Other", comments: [{ body: "Other" }] });
      github.createIssueComment({ on: pullRequest, author: ann, body: "Other" });
    });
    pass(1);
  });

  const captures = ["pr.details", "pr.reviews", "pr.comments", "repository.sync"] as const;

  test.each(captures)("a capture/%s stores nothing of the other repository", async (name) => {
    const data = {
      repository: { id: web.id, owner: "acme", name: "web" },
      installationId: scene.installation.id,
      reason: "gap",
      priority: "high",
      ...(name !== "repository.sync" && { number: 1 }),
    };
    await scene.app.services.inngest.send({ name: `capture/${name}`, data });
    await scene.idle();
    expect(await rows("github.reviews")).toEqual([]);
    expect(await rows("github.comments")).toEqual([]);
    expect(await openJobs()).toMatchObject([
      { state: "failed", error: { message: expect.stringContaining("acme/web is now another repository") } },
    ]);
  });

  test("a sync that lists pull requests by REST stores nothing of the other repository", async () => {
    github.intercept(
      failures.matching(
        /graphql/,
        failures.edited((body) => void Object.assign(Object(body), { data: null })),
      ),
    );
    await scene.backfill();
    await scene.skipRetries();
    expect(await rows("github.comments")).toEqual([]);
    expect(await scene.jobs("state = 'failed' and event_name = 'capture/repository.sync'")).toHaveLength(1);
  });

  test("the reconciler brings both repositories in sync", async () => {
    await reconcileUpdates();
    await reconcileUpdates();
    expect(await differences()).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });
});

describe("the hourly reconciler", () => {
  test("the reconciler finds renamed and deleted labels and milestones, once", async () => {
    const first = await openPullRequest({ labels: ["bug", "docs", "wip"], milestone: "v1" });
    const second = await openPullRequest({ milestone: "later" });
    await reconcileUpdates(); // stores the counts of the pull requests
    const before = (await reconcilerEvents()).length;
    pass(1);
    const [v1, later] = [first.milestone, second.milestone];
    if (!v1 || !later) throw new Error("A pull request has no milestone.");
    const [bug, docs] = [labelOf(first, "bug"), labelOf(first, "docs")];
    github.renameLabel(bug, "tmp");
    github.renameLabel(docs, "bug");
    github.renameLabel(bug, "docs"); // the two have swapped their names
    github.deleteLabel(labelOf(first, "wip"), { announcedByPullRequests: false });
    github.editMilestone(v1, { title: "v2" });
    github.deleteMilestone(later, { announcedByPullRequests: false });
    pass(1);
    takeDeliveries();
    expect(await differences()).not.toEqual([]);
    await reconcileUpdates();
    expect((await reconcilerEvents()).slice(before)).toEqual(["capture/titles.changed"]);
    expect(await differences()).toEqual([]);
    pass(1);
    await reconcileUpdates();
    expect(await reconcilerEvents()).toHaveLength(before + 1);
    expect(await openJobs()).toEqual([]);
  });

  test("the reconciler finds a deleted label whose name a new label has", async () => {
    const first = await openPullRequest({ labels: ["bug"] });
    github.after(10, () => github.deleteLabel(labelOf(first, "bug"), { announcedByPullRequests: false }));
    github.after(10, () => github.createLabel(web, "bug"));
    takeDeliveries();
    await reconcileUpdates();
    expect(await rows("github.pull_requests")).toMatchObject([{ labels: [] }]);
  });

  test("the reconciler finds a renamed organization and its repositories, once", async () => {
    await openPullRequest();
    github.renameAccount(acme, "acme-inc");
    takeDeliveries();
    await reconcileUpdates();
    expect(await rows("github.repositories")).toMatchObject([{ full_name: "acme-inc/web" }]);
    expect(await rows("github.accounts")).toContainEqual(
      expect.objectContaining({ id: acme.id, login: "acme-inc" }),
    );
    const sent = await reconcilerEvents();
    await reconcileUpdates();
    expect(await reconcilerEvents()).toEqual(sent);
    expect(await openJobs()).toEqual([]);
  });

  test("the reconciler finds the new login of an organization without repositories", async () => {
    const empty = github.after(-60, () => github.createOrganization({ login: "empty" }));
    github.after(-60, () => github.install({ account: empty }));
    await deliver();
    github.renameAccount(empty, "emptied");
    takeDeliveries();
    await reconcileUpdates();
    expect(await rows("github.accounts")).toContainEqual(
      expect.objectContaining({ id: empty.id, login: "emptied" }),
    );
  });

  test("the reconciler finds a repository that was removed and added again, once", async () => {
    github.after(10, () => github.removeFromInstallation(scene.installation, [web]));
    await deliver();
    github.after(20, () => github.addToInstallation(scene.installation, [web]));
    takeDeliveries();
    await reconcileUpdates();
    expect(await rows("github.repositories")).toMatchObject([{ removed_at: null }]);
    const sent = await reconcilerEvents();
    await reconcileUpdates();
    expect(await reconcilerEvents()).toEqual(sent);
  });

  test("the reconciler compares the labels of up to fifty repositories for one point", async () => {
    await openPullRequest({ labels: ["bug"] });
    await reconcileUpdates();
    github.requests.length = 0;
    await reconcileUpdates();
    const queries = github.requests.filter(({ query }) => query?.includes("milestones("));
    expect(queries.map(({ cost }) => cost)).toEqual([1]);
  });

  test("the reconciler reads labels beyond the first page", async () => {
    const pullRequest = await openPullRequest({ labels: ["z"] });
    const label = labelOf(pullRequest, "z");
    const names = Array.from({ length: 150 }, (_, index) => `label ${index}`);
    for (const name of names) github.createLabel(web, name);
    github.after(10, () => github.renameLabel(label, "zz"));
    github.after(10, () => github.label(pullRequest, "label 149"));
    await deliver(takeDeliveries().filter(({ name }) => name === "pull_request"));
    await reconcileUpdates();
    expect(await differences()).toEqual([]);
  });
});

let organizations = 0;

/** Random changes of two labels, two milestones, two pull requests and the organization's login. */
const plannedChanges = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 9 }), fc.nat({ max: 1 }), fc.nat({ max: 1 })),
  { minLength: 3, maxLength: 10 },
);

test("rows are in sync after one reconcile, whatever was renamed, lost, doubled or reordered", async () => {
  await fc.assert(
    fc.asyncProperty(
      plannedChanges,
      fc.infiniteStream(fc.nat({ max: 99 })),
      fc.boolean(),
      async (planned, dice, announcedByPullRequests) => {
        await resetDatabase(scene.database);
        const { repository, installed } = github.after(-60, () => {
          const owner = github.createOrganization({ login: `org-${++organizations}` });
          const site = github.createRepository({ owner, name: "site" });
          return { repository: site, installed: github.install({ account: owner }) };
        });
        await deliver(); // its history is read while it is empty
        const pullRequests = github.after(0, () =>
          ["1", "2"].map((name) =>
            github.openPullRequest({
              repository,
              author: ann,
              labels: [name, "both"],
              milestone: github.createMilestone(repository, name, ann),
            }),
          ),
        );
        await deliver();
        let serial = 0;
        const works = planned
          .toSorted(([a], [b]) => a - b)
          .map(([at, what, which, other]) => ({
            at,
            work: () => {
              const pullRequest = pullRequests[which];
              const label = [...repository.labels.values()][other];
              const milestone = repository.milestones[other];
              if (!pullRequest) return;
              const name = `n${serial++ % 3}`;
              const isFree = !repository.labels.has(name);
              if (what <= 1 && label && isFree) github.renameLabel(label, name);
              else if (what === 2 && label) github.deleteLabel(label, { announcedByPullRequests });
              else if (what <= 4 && milestone) github.editMilestone(milestone, { title: `t${serial}` });
              else if (what === 5 && milestone)
                github.deleteMilestone(milestone, { announcedByPullRequests });
              else if (what === 6) github.label(pullRequest, label?.name ?? name);
              else if (what === 7 && milestone) github.setMilestone(pullRequest, milestone);
              else if (what === 8 && pullRequest.labels[0])
                github.unlabel(pullRequest, pullRequest.labels[0].name);
              else if (what === 9) github.renameAccount(repository.owner, `${repository.owner.login}x`);
            },
          }));
        for (const { at, work } of works) github.after(at * 10, work);
        const caused = takeDeliveries();
        const roll = () => dice.next().value ?? 0;
        const sent = caused
          .flatMap((delivery) => {
            const luck = roll();
            return luck < 20 ? [] : luck < 35 ? [delivery, delivery] : [delivery];
          })
          .map((delivery) => ({ delivery, place: roll() }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ delivery }) => delivery);
        await deliver(sent);
        await scene.reconcile(); // a full one, since the changes of an hour ago are older than the first sync
        expect(await differencesOf(repository)).toEqual([]);
        expect(await openJobs()).toEqual([]);
        github.uninstall(installed);
        takeDeliveries();
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);

async function differencesOf({ id }: Repository) {
  return compareRows(toTruth(github, [id]), async (table) =>
    (await rows(`github.${table}`)).filter(
      (row) => (row["repository_id"] ?? (table === "repositories" ? row["id"] : id)) === id,
    ),
  );
}
