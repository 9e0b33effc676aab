import { ok } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { stamp } from "../world.ts";

/** Returns one page with links to the others. The links start with `base`, in which GitHub names repositories by id. */
export function page<T>(url: URL, base: string, items: readonly T[], json: (item: T) => unknown): Reply {
  const { perPage, number, slice } = cut(url, items);
  return ok(slice.map(json), linkHeader(url, base, number, Math.ceil(items.length / perPage)));
}

/** Returns one page like `page`, for answers with a count in which `wrap` places the list. */
export function countedPage<T>(
  url: URL,
  base: string,
  items: readonly T[],
  wrap: (shown: readonly T[]) => Record<string, unknown>,
): Reply {
  const { perPage, number, slice } = cut(url, items);
  const body = { total_count: items.length, ...wrap(slice) };
  return ok(body, linkHeader(url, base, number, Math.ceil(items.length / perPage)));
}

export function perPageOf(url: URL): number {
  return Math.min(100, positive(url.searchParams.get("per_page")) ?? 30);
}

function cut<T>(url: URL, items: readonly T[]): { perPage: number; number: number; slice: readonly T[] } {
  const perPage = perPageOf(url);
  const number = positive(url.searchParams.get("page")) ?? 1;
  return { perPage, number, slice: items.slice((number - 1) * perPage, number * perPage) };
}

function linkHeader(url: URL, base: string, number: number, last: number): Record<string, string> {
  const links: string[] = [];
  const link = (rel: string, to: number) => {
    const query = new URLSearchParams(url.searchParams);
    query.set("page", String(to));
    links.push(`<${base}?${query.toString()}>; rel="${rel}"`);
  };
  if (number > 1) link("prev", Math.min(number - 1, Math.max(last, 1)));
  if (number < last) link("next", number + 1);
  if (number < last) link("last", last);
  if (number > 1) link("first", 1);
  return links.length > 0 ? { link: links.join(", ") } : {};
}

function positive(text: string | null): number | null {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : null;
}

interface Dated {
  createdAt: string;
  updatedAt: string;
}

/** Filters and sorts comments by `since`, `sort` and `direction`. Without `sort` they stay in the order of creation. */
export function sinceAndSorted<T extends Dated>(url: URL, items: readonly T[]): T[] {
  const since = url.searchParams.get("since");
  const earliest = since === null ? "" : stamp(new Date(since));
  const found = items.filter(({ updatedAt }) => updatedAt >= earliest);
  const sort = url.searchParams.get("sort");
  if (sort === null) return found;
  const direction = url.searchParams.get("direction") === "desc" ? -1 : 1;
  return sortedBy(found, sort, direction);
}

/** Sorts by time. Equal times are in the order of creation, or its reverse when descending. */
export function sortedBy<T extends Dated>(items: readonly T[], sort: string | null, direction: 1 | -1): T[] {
  const key = sort === "updated" ? "updatedAt" : "createdAt";
  const position = new Map(items.map((item, index) => [item, index]));
  return items.toSorted((a, b) => {
    if (a[key] !== b[key]) return a[key] < b[key] ? -direction : direction;
    return ((position.get(a) ?? 0) - (position.get(b) ?? 0)) * direction;
  });
}
