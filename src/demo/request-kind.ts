import type { RecordedRequest } from "./github/index.ts";

/** What a request to GitHub was for. Tokens count against no limit. */
export type RequestKind = "token" | (typeof requestKinds)[number];

export const requestKinds = [
  "pull request",
  "files",
  "reviews",
  "review comments",
  "issue comments",
  "GraphQL",
  "other",
] as const;

const kinds: readonly [RegExp, RequestKind][] = [
  [/^\/app\/installations\/\d+\/access_tokens$/, "token"],
  [/\/pulls\/\d+$/, "pull request"],
  [/\/pulls\/\d+\/files$/, "files"],
  [/\/pulls\/\d+\/reviews$/, "reviews"],
  [/\/pulls\/\d+\/comments$/, "review comments"],
  [/\/issues\/\d+\/comments$/, "issue comments"],
  [/^\/graphql$/, "GraphQL"],
];

export function requestKind({ path }: Pick<RecordedRequest, "path">): RequestKind {
  const [pathname = ""] = path.split("?", 1);
  return kinds.find(([pattern]) => pattern.test(pathname))?.[1] ?? "other";
}

/** How many requests there were of each kind. */
export function countByKind(requests: readonly Pick<RecordedRequest, "path">[]): Map<RequestKind, number> {
  const counts = new Map<RequestKind, number>();
  for (const request of requests) {
    const kind = requestKind(request);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Of a count by kind, all but the tokens. */
export function totalOf(counts: ReadonlyMap<RequestKind, number>): number {
  return [...counts].reduce((total, [kind, count]) => (kind === "token" ? total : total + count), 0);
}
