/** GitHub's global ids are opaque. These say their kind and number, so that `node(id:)` finds the entity again. */
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

export function nodeId(kind: NodeKind, id: number): string {
  return `${prefixes[kind]}_kwDO${Buffer.from(`${kind}:${id}`).toString("base64url")}`;
}

/** Null for text that is no id of this stand-in's. */
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
