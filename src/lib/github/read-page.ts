import { RequestError } from "@octokit/request-error";
import type { z } from "zod";
import { toBudget, type Budget } from "./budget.ts";
import type { GitHubClient } from "./github-client.ts";
import { UnreadableAnswerError } from "./errors.ts";
import { linkTo, toDate, type Answer, type PullRequestRef } from "./get-page.ts";
import { describeIssue, itemIdOf } from "./parse-answer.ts";
import { briefRetries, isTooMuchAtOnce } from "./to-inngest-error.ts";

/** A REST listing: its request and the schema of one item. */
export interface Listing<Item> {
  /** The name of one item in error messages, such as "review comment". */
  noun: string;
  /** `GET /repos/{owner}/{repo}/pulls/{number}/files`; placeholders come from `parameters`. */
  route: string;
  parameters?: Record<string, string | number>;
  item: z.ZodType<Item>;
  /** Returns the items of an answer that is not itself the list. */
  itemsOf?: (body: unknown) => unknown;
}

/** Creates a listing that belongs to one pull request. */
export function ofPullRequest<Item>(
  { repository, number }: PullRequestRef,
  path: string,
  noun: string,
  item: z.ZodType<Item>,
): Listing<Item> {
  const parameters = { owner: repository.owner, repo: repository.name, number };
  return { noun, route: `GET /repos/{owner}/{repo}/${path}`, parameters, item };
}

/**
 * The position in a listing, as JSON that one step returns and the next one continues from. `offset` counts items from 0. `pageSize` is the
 * largest page to try.
 */
export interface ListPosition {
  offset: number;
  pageSize: number;
  /** The last item before `offset`. `hasShifted` compares it with the listing. */
  last: { offset: number; id: number } | null;
}

export const listStart: ListPosition = { offset: 0, pageSize: 100, last: null };

/** An item that could not be read. `id` is null when it is unreadable too. */
export interface UnreadableItem {
  offset: number;
  id: number | null;
  /** A sentence that names the item, the field and the reason. */
  message: string;
}

export interface ListPage<Item> extends Answer<Item[]> {
  /** Null at the end. */
  next: ListPosition | null;
  unreadable: UnreadableItem[];
  /** The number of requests, including failed ones. */
  requests: number;
  budget: Budget | null;
}

/** Each size divides the previous one, so smaller pages fill a larger page exactly and no item is skipped or read twice. */
const pageSizes = [100, 50, 25, 5, 1];

/** No captured listing has this many items. */
const beyondTheEnd = 100_000;

/**
 * Reads one page of a listing. When GitHub answers 5xx or not at all, it tries a smaller page at the same offset: some listings answer 502
 * for 100 items but work with 50, and one bad item can fail every page that contains it.
 *
 * A call makes few requests, so that it fits into a serverless function: even attempts start with the largest page, odd ones with 25 items.
 * When all of them fail, the call throws, and the retry starts with a large page again. A single item that still fails on a late attempt is
 * left out and reported, if GitHub answers another page of the same listing.
 */
export async function readPage<Item>(
  client: GitHubClient,
  listing: Listing<Item>,
  position: ListPosition,
  attempt: number,
): Promise<ListPage<Item>> {
  const { offset } = position;
  const fitting = pageSizes.filter((size) => size <= position.pageSize && offset % size === 0);
  const small = fitting.filter((size) => size <= 25);
  const isSmall = attempt % 2 === 1;
  const sizes = isSmall ? small : fitting.slice(0, 3);
  let requests = 0;
  let failure: unknown;
  for (const size of sizes) {
    requests++;
    try {
      const page = await request(client, listing, offset, size);
      const hasFailed = isSmall || requests > 1;
      const pageSize = hasFailed ? Math.min(position.pageSize, 50) : position.pageSize;
      return toPage(listing, position, page, { size, pageSize, requests });
    } catch (error) {
      if (!isTooMuchAtOnce(error)) throw error;
      failure = error;
    }
  }
  if (sizes.at(-1) !== 1 || attempt < briefRetries) throw failure;
  const { headers } = await answersBeyondTheEnd(client, listing, failure);
  const reason = failure instanceof Error ? failure.message : String(failure);
  return {
    data: [],
    date: toDate(headers.date),
    next: { offset: offset + 1, pageSize: 50, last: position.last },
    unreadable: [
      {
        offset,
        id: null,
        message: `GitHub's ${listing.noun} at position ${offset + 1} cannot be read: ${reason}`,
      },
    ],
    requests: requests + 1,
    budget: toBudget(headers),
  };
}

/** True when items before `last` were removed after it was read, so that the next page skipped items. */
export async function hasShifted(
  client: GitHubClient,
  listing: Listing<unknown>,
  last: NonNullable<ListPosition["last"]>,
): Promise<boolean> {
  const { data } = await request(client, listing, last.offset, 1);
  return itemIdOf(data[0]) !== last.id;
}

/**
 * True when another page may follow. GitHub sends no `link` header with an only page, but has also left it out of others, and has named only
 * the last page: https://github.com/octokit/core.js/issues/695, https://github.com/Strider-CD/strider-github/pull/12. Nothing follows an empty
 * page.
 */
function mayContinue({ data, headers: { link } }: RawPage, size: number): boolean {
  if (link === undefined) return data.length >= size;
  return data.length > 0 && (linkTo("next", link) ?? linkTo("last", link)) !== null;
}

interface RawPage {
  data: unknown[];
  headers: Headers;
}

type Headers = Record<string, string | number | undefined> & { date?: string; link?: string };

async function request(
  client: GitHubClient,
  { route, parameters, itemsOf, noun }: Listing<unknown>,
  offset: number,
  size: number,
): Promise<RawPage> {
  const { data, headers } = await client.request(route, {
    ...parameters,
    per_page: size,
    page: offset / size + 1,
  });
  const items: unknown = itemsOf ? itemsOf(data) : data;
  if (!Array.isArray(items))
    throw new UnreadableAnswerError(`GitHub's list of ${noun}s cannot be read: expected array.`);
  return { data: items, headers };
}

/**
 * Requests a page after the end. An answer below 500 proves that the listing works without the failed item. Otherwise the whole listing is
 * down, and the item's failure is thrown.
 */
async function answersBeyondTheEnd(
  client: GitHubClient,
  listing: Listing<unknown>,
  failure: unknown,
): Promise<{ headers: Headers }> {
  try {
    return await request(client, listing, beyondTheEnd, 1);
  } catch (error) {
    if (error instanceof RequestError && error.status < 500 && error.response && !isLimit(error))
      return { headers: error.response.headers };
    throw failure;
  }
}

function isLimit({ status }: RequestError): boolean {
  return status === 401 || status === 403 || status === 429;
}

function toPage<Item>(
  { item, noun }: Listing<Item>,
  position: ListPosition,
  answered: RawPage,
  { size, pageSize, requests }: { size: number; pageSize: number; requests: number },
): ListPage<Item> {
  const { data, headers } = answered;
  const { offset } = position;
  const page: ListPage<Item> = {
    data: [],
    date: toDate(headers.date),
    next: null,
    unreadable: [],
    requests,
    budget: toBudget(headers),
  };
  let { last } = position;
  for (const [index, each] of data.entries()) {
    const id = itemIdOf(each);
    if (id !== null) last = { offset: offset + index, id };
    const parsed = item.safeParse(each);
    if (parsed.success) {
      page.data.push(parsed.data);
      continue;
    }
    const name = id === null ? `${noun} at position ${offset + index + 1}` : `${noun} ${id}`;
    const message = `GitHub's ${name} cannot be read: ${describeIssue(parsed.error, each)}.`;
    page.unreadable.push({ offset: offset + index, id, message });
  }
  if (mayContinue(answered, size)) page.next = { offset: offset + size, pageSize, last };
  return page;
}
