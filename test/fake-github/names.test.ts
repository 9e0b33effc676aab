import { expect, test } from "vitest";
import type { FakeGitHub } from "../../src/fake-github/index.ts";
import { createReader, createSmallTeam, tokenFor } from "./small-team.ts";

function since(github: FakeGitHub, start: number): string[] {
  return github.deliveries.slice(start).map(({ name, payload }) => `${name}.${payload.action}`);
}

test("a renamed label stays on its pull requests and does not change their updated_at", () => {
  const { github, ann, repository, clock } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann, labels: ["bug"] });
  const start = github.deliveries.length;
  clock.advance(60);
  const [label] = pullRequest.labels;
  if (!label) throw new Error("no label");
  github.renameLabel(label, "defect");
  expect(since(github, start)).toEqual(["label.edited"]);
  expect(github.deliveries.at(-1)?.payload).toMatchObject({
    label: { id: label.id, name: "defect" },
    changes: { name: { from: "bug" } },
  });
  expect(pullRequest).toMatchObject({ labels: [{ name: "defect" }], updatedAt: "2026-03-02T09:00:00Z" });
  expect(() => github.createLabel(repository, "Defect")).toThrow("exists");
  expect(github.createLabel(repository, "bug").id).not.toBe(label.id);
});

test("a deleted label is removed from its pull requests, with or without webhooks that do not name it", () => {
  const { github, ann, repository } = createSmallTeam();
  const pullRequest = github.openPullRequest({ repository, author: ann, labels: ["bug", "docs"] });
  const [bug, docs] = pullRequest.labels;
  if (!bug || !docs) throw new Error("no labels");
  const start = github.deliveries.length;
  github.deleteLabel(bug);
  expect(since(github, start)).toEqual(["label.deleted", "pull_request.unlabeled"]);
  expect(github.deliveries.at(-1)?.payload).not.toHaveProperty("label");
  expect(github.deliveries.at(-1)?.payload).toMatchObject({ pull_request: { labels: [{ name: "docs" }] } });
  github.deleteLabel(docs, { announcedByPullRequests: false });
  expect(since(github, start + 2)).toEqual(["label.deleted"]);
  expect(pullRequest.labels).toEqual([]);
});

test("a milestone's number is never reused", () => {
  const { github, ann, repository } = createSmallTeam();
  const milestone = github.createMilestone(repository, "v1");
  const pullRequest = github.openPullRequest({ repository, author: ann, milestone });
  github.deleteMilestone(milestone);
  expect(pullRequest.milestone).toBeNull();
  expect(github.createMilestone(repository, "v2").number).toBe(2);
});

test("a renamed organization causes a webhook for the Apps installed on it", () => {
  const { github, org, ann, installation } = createSmallTeam();
  const start = github.deliveries.length;
  github.renameAccount(ann, "anna");
  expect(since(github, start)).toEqual([]);
  github.renameAccount(org, "acme-inc");
  expect(github.deliveries.slice(start)).toMatchObject([
    {
      name: "installation_target",
      payload: {
        action: "renamed",
        account: { id: org.id, login: "acme-inc" },
        changes: { login: { from: "acme" } },
        installation: { id: installation.id },
        target_type: "Organization",
      },
    },
  ]);
});

test("labels and milestones can be listed, and read by their ids", async () => {
  const { github, clock, installation, repository } = createSmallTeam();
  const label = github.createLabel(repository, "bug");
  const milestone = github.createMilestone(repository, "v1");
  github.closeMilestone(milestone);
  const read = createReader(github, await tokenFor(github, installation.id, clock.now()));
  const listed = await read.query(
    `{ repository(owner: "acme", name: "web") {
      labels(first: 100, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id name } }
      milestones(first: 100, states: [OPEN, CLOSED]) { nodes { id number title } }
    } }`,
  );
  const { labels, milestones } = listed.data.repository;
  expect(labels.nodes).toMatchObject([{ name: "bug" }]);
  expect(milestones.nodes).toMatchObject([{ number: 1, title: "v1" }]);
  github.renameLabel(label, "defect");
  const found = await read.query(
    `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Label { name } ... on Milestone { title } } }`,
    { ids: [labels.nodes[0].id, milestones.nodes[0].id] },
  );
  expect(found.data).toEqual({ nodes: [{ name: "defect" }, { title: "v1" }] });
});
