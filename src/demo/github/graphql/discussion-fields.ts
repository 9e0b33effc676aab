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

/** What an issue and a pull request share. Text that is missing is empty here, where REST says null. */
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
  assignees: ({ assignees }, args) => connect(assignees, args, (_assignee, index) => [index]),
  comments: ({ comments }, args) => {
    const { direction } = order(args) ?? {};
    return connect(comments, args, ({ id, updatedAt }) => (order(args) ? [updatedAt, id] : [id]), direction);
  },
};
