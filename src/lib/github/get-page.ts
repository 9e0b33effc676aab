export interface PullRequestRef {
  repository: { id: number; owner: string; name: string };
  number: number;
}

/** `date` is GitHub's time of the answer, an ISO string. */
export interface Answer<Data> {
  data: Data;
  date: string;
}

/** Converts a `date` header to an ISO string. */
export function toDate(header: string | undefined): string {
  return (header ? new Date(header) : new Date()).toISOString();
}
