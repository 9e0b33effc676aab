/**
 * The address bar holds the state of the page, as `#/jobs?state=failed`. A fragment needs no rewrite rule on static hosts, and is not sent to
 * servers.
 */
import { signal } from "@preact/signals";

export interface Route {
  /** The first segment of the path, such as `jobs`. Empty on the overview. */
  view: string;
  /** The segments after it, decoded. */
  segments: string[];
  query: URLSearchParams;
}

type QueryValues = Record<string, string | number | null | undefined>;

export const route = signal<Route>(parseRoute(location.hash));

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  const [view = "", ...segments] = path.split("/").map(decodeSegment);
  return { view, segments, query: new URLSearchParams(query) };
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a broken link
  }
}

/** The link to a view: `hrefOf(["pull-request", "octo", "hello", 7], { tab: "files" })`. Null and empty values of the query are left out. */
export function hrefOf(path: readonly (string | number)[], query: QueryValues = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const segments = path.map((segment) => encodeURIComponent(segment)).join("/");
  return `#/${segments}${given.size > 0 ? `?${given.toString()}` : ""}`;
}

/** Goes to a view, and adds to the history. */
export function navigate(path: readonly (string | number)[], query: QueryValues = {}): void {
  location.hash = hrefOf(path, query);
}

/** Changes parts of the query and keeps the others. Null removes a part. Replaces the history entry, as filters change with each key. */
export function setQuery(changes: QueryValues): void {
  const { view, segments, query } = parseRoute(location.hash);
  const next = hrefOf([view, ...segments], { ...Object.fromEntries(query), ...changes });
  history.replaceState(null, "", next);
  route.value = parseRoute(next);
}
