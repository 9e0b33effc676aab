/** GitHub's global ids are opaque. These contain the kind and the number, so that `node(id:)` can find the entity. */
const prefixes = {
  User: "U",
  Bot: "BOT",
  Organization: "O",
  Mannequin: "M",
  Team: "T",
  Installation: "MDIzOk",
  App: "A",
  Repository: "R",
  Issue: "I",
  PullRequest: "PR",
  PullRequestReview: "PRR",
  PullRequestReviewThread: "PRRT",
  PullRequestReviewComment: "PRRC",
  IssueComment: "IC",
  Label: "LA",
  Milestone: "MI",
} as const;

export type NodeKind = keyof typeof prefixes;

export function toNodeId(kind: NodeKind, id: number): string {
  return `${prefixes[kind]}_kwDO${Buffer.from(`${kind}:${id}`).toString("base64url")}`;
}

/** Returns null for text that is not such an id. */
export function parseNodeId(text: string): { kind: NodeKind; id: number } | null {
  const [, encoded] = text.split("_kwDO");
  if (encoded === undefined) return null;
  const [kind, id] = Buffer.from(encoded, "base64url").toString().split(":");
  if (kind === undefined || id === undefined || !isNodeKind(kind) || !/^\d+$/.test(id)) return null;
  return { kind, id: Number(id) };
}

function isNodeKind(kind: string): kind is NodeKind {
  return Object.hasOwn(prefixes, kind);
}
