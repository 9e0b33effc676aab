import { associationOf } from "../json/account.ts";
import type { Issue, PullRequest } from "../state.ts";
import { actor } from "./account-fields.ts";
import { connect } from "./connection.ts";
import { order } from "./resolver.ts";
import type { Resolver } from "./resolver.ts";

const lockReasons = {
  "off-topic": "OFF_TOPIC",
  "too heated": "TOO_HEATED",
  resolved: "RESOLVED",
  spam: "SPAM",
} as const;

/** The fields that issues and pull requests share. A missing body is "" here and null in REST. */
export const discussionFields: Record<string, Resolver<Issue | PullRequest>> = {
  number: ({ number }) => number,
  title: ({ title }) => title,
  body: ({ body }) => body ?? "",
  bodyText: ({ body }) => body ?? "",
  author: ({ author }) => actor(author),
  authorAssociation: ({ author, repository }) => associationOf(author, repository),
  repository: ({ repository }) => repository,
  closed: ({ state }) => state === "closed",
  closedAt: ({ closedAt }) => closedAt,
  createdAt: ({ createdAt }) => createdAt,
  publishedAt: ({ createdAt }) => createdAt,
  updatedAt: ({ updatedAt }) => updatedAt,
  lastEditedAt: ({ lastEditedAt }) => lastEditedAt,
  locked: ({ locked }) => locked,
  activeLockReason: ({ lockReason }) => lockReason && lockReasons[lockReason],
  milestone: ({ milestone }) => milestone,
  labels: ({ labels }, args) =>
    connect(
      labels,
      args,
      ({ id, name }) => (order(args)?.field === "NAME" ? [name] : [id]),
      order(args)?.direction,
    ),
  // A `UserConnection`, so it lacks bots. https://github.com/cli/cli/pull/10984
  assignees: ({ assignees }, args) =>
    connect(
      assignees.filter(({ type }) => type === "User"),
      args,
      (_assignee, index) => [index],
    ),
  assignedActors: ({ assignees }, args) => connect(assignees, args, (_assignee, index) => [index]),
  comments: ({ comments }, args) => {
    const { direction } = order(args) ?? {};
    return connect(comments, args, ({ id, updatedAt }) => (order(args) ? [updatedAt, id] : [id]), direction);
  },
};
