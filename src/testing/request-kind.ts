import type { RecordedRequest } from "../fake-github/index.ts";

/** The purpose of a request to GitHub. Requests for tokens count against no rate limit. */
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

/** Counts requests by kind. */
export function countByKind(requests: readonly Pick<RecordedRequest, "path">[]): Map<RequestKind, number> {
  const counts = new Map<RequestKind, number>();
  for (const request of requests) {
    const kind = requestKind(request);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Returns the number of requests without those for tokens. */
export function totalOf(counts: ReadonlyMap<RequestKind, number>): number {
  return [...counts].reduce((total, [kind, count]) => (kind === "token" ? total : total + count), 0);
}
