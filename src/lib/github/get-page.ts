export interface PullRequestRef {
  repository: { id: number; owner: string; name: string };
  number: number;
}

/** `date` is GitHub's time of the answer, an ISO string. */
export interface Answer<Data> {
  data: Data;
  date: string;
}

/** Converts a `date` header to an ISO string. It is the local time when the header is missing or malformed. */
export function toDate(header: string | undefined): string {
  const time = Date.parse(header ?? "");
  return new Date(Number.isNaN(time) ? Date.now() : time).toISOString();
}

/**
 * Returns the address of another page in a `link` header, or null.
 * https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
 */
export function linkTo(relation: "next" | "last", header: string | undefined): string | null {
  return new RegExp(`<([^>]*)>[^<]*;\\s*rel="?${relation}\\b`, "i").exec(header ?? "")?.[1] ?? null;
}
