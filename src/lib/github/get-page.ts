import { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./client.ts";

export interface PullRequestRef {
  repository: { id: number; owner: string; name: string };
  number: number;
}

/** `date` is GitHub's time of the answer, an ISO string. */
export interface Answer<Data> {
  data: Data;
  date: string;
}

export interface Page<Item> extends Answer<Item[]> {
  hasMore: boolean;
  /** What is left after it; null where the answer does not tell. */
  budget: Budget | null;
}

/** One request for up to 100 items. Pages count from 1. */
export async function getPage<Item>(
  client: GitHubClient,
  item: z.ZodType<Item>,
  path:
    | "pulls/{number}/files"
    | "pulls/{number}/reviews"
    | "pulls/{number}/comments"
    | "issues/{number}/comments",
  { repository, number }: PullRequestRef,
  page: number,
): Promise<Page<Item>> {
  const response = await client.request(`GET /repos/{owner}/{repo}/${path}`, {
    owner: repository.owner,
    repo: repository.name,
    number,
    per_page: 100,
    page,
  });
  return {
    data: z.array(item).parse(response.data),
    date: toDate(response.headers.date),
    hasMore: response.headers.link?.includes('rel="next"') ?? false,
    budget: toBudget(response.headers),
  };
}

/** A `date` header as an ISO string. */
export function toDate(header: string | undefined): string {
  return (header ? new Date(header) : new Date()).toISOString();
}
