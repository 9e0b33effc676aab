/**
 * Reads a pull request's listings. Items that cannot be read or stored do not stop the others.
 *
 * GitHub lists by page number. When an item is deleted between two requests, all later items move up by one, and the item at the boundary is
 * on neither page. So after each further page, the last item of the page before is requested again by its position. If another item is there
 * now, the listing shifted, and the page before is read again.
 */
import { NonRetriableError } from "inngest";
import { confirmName } from "../../github/confirm-name.ts";
import { UnreadableAnswerError } from "../../github/errors.ts";
import { hasShifted, listStart, readPage, type Listing, type ListPosition } from "../../github/read-page.ts";
import { briefRetries } from "../../github/to-inngest-error.ts";
import type { CaptureContext } from "../../store/context-types.ts";
import { storeInParts, type StoredInParts } from "../../store/store-in-parts.ts";
import { askGitHub, type CaptureDependencies, type CaptureRun, type StepTools } from "./capture.ts";

/** The result of a step that read and stored a page. Plain JSON. */
export interface CapturedPage {
  date: string;
  next: ListPosition | null;
  /** Items before this page were deleted meanwhile, and `next` goes back. */
  shifted: boolean;
  isEmpty: boolean;
  detailsNeeded: boolean;
  /** One sentence for each item that could not be read or stored. */
  problems: string[];
}

/** A listing read to its end. */
export interface CapturedListing {
  beganAt: string;
  isEmpty: boolean;
  detailsNeeded: boolean;
  problems: string[];
  /** False if items may be missing. Then it is no count. */
  isComplete: boolean;
}

/** How often a shifted listing is read again. Each shift needs a deletion between two requests. */
const maxShifts = 10;

/** Reads a listing to its end, each page in a step of its own. Null if the first page finds nothing left to do. */
export async function captureListing(
  step: StepTools,
  name: string,
  capturePage: (position: ListPosition, page: number, mayGoBack: boolean) => Promise<CapturedPage | null>,
): Promise<CapturedListing | null> {
  let listing: CapturedListing | null = null;
  let position: ListPosition | null = listStart;
  let shifts = 0;
  for (let page = 1; position; page++) {
    const from: ListPosition = position;
    const mayGoBack = shifts < maxShifts;
    const captured: CapturedPage | null = await step.run(`capture-${name}-page-${page}`, () =>
      capturePage(from, page, mayGoBack),
    );
    if (!captured) return null;
    listing ??= {
      beganAt: captured.date,
      isEmpty: true,
      detailsNeeded: false,
      problems: [],
      isComplete: true,
    };
    listing.isEmpty &&= captured.isEmpty;
    listing.detailsNeeded ||= captured.detailsNeeded;
    listing.problems.push(...captured.problems.filter((problem) => !listing?.problems.includes(problem)));
    if (captured.shifted) shifts++;
    position = captured.next;
  }
  if (listing) listing.isComplete = listing.problems.length === 0 && shifts < maxShifts;
  return listing;
}

/** How the items of a page become rows, and are stored. */
export interface PageStore<Item, Row, Result> {
  noun: string;
  toRows(items: Item[], date: string): Row[];
  toContext(items: Item[], date: string, requests: number): CaptureContext;
  store(context: CaptureContext, rows: Row[]): Promise<Result>;
}

/**
 * Reads one page and stores it. Throws on the first attempts if an item cannot be read or stored: a retry may succeed. `confirms`: the
 * repository's name may be old, and is confirmed first.
 */
export async function capturePageOf<
  Item,
  Row extends { id: number },
  Result extends { details_needed: boolean },
>(
  { github }: Pick<CaptureDependencies, "github">,
  run: CaptureRun,
  listing: Listing<Item>,
  { position, mayGoBack, confirms }: { position: ListPosition; mayGoBack: boolean; confirms: boolean },
  pageStore: PageStore<Item, Row, Result>,
): Promise<CapturedPage> {
  const { page, shifted } = await askGitHub(github, run, async (client, { repository }) => {
    if (confirms) await confirmName(client, repository);
    const read = await readPage(client, listing, position, run.attempt);
    if (!position.last || !mayGoBack) return { page: read, shifted: false };
    return { page: read, shifted: await hasShifted(client, listing, position.last) };
  });
  const requests = page.requests + (position.last && mayGoBack ? 1 : 0) + (confirms ? 1 : 0);
  const rows = pageStore.toRows(page.data, page.date);
  const stored = await storePage(pageStore, rows, pageStore.toContext(page.data, page.date, requests));
  const problems = [...page.unreadable.map(({ message }) => message), ...toProblems(pageStore.noun, stored)];
  retryWhileNew(problems, run);
  return {
    date: page.date,
    next: shifted ? toPageBefore(position) : page.next,
    shifted,
    isEmpty: page.data.length === 0 && page.unreadable.length === 0,
    detailsNeeded: stored.results.some(({ details_needed }) => details_needed),
    problems,
  };
}

/** Stores rows in one call or several. Only the first counts the requests. */
export function storePage<Row, Result>(
  { store }: Pick<PageStore<unknown, Row, Result>, "store">,
  rows: Row[],
  context: CaptureContext,
): Promise<StoredInParts<Row, Result>> {
  const free = { ...context, job: { ...context.job, requests: 0, points: 0 } };
  return storeInParts(rows, (part, isFirst) => store(isFirst ? context : free, part));
}

export function toProblems<Row extends { id: number }>(
  noun: string,
  { refused }: Pick<StoredInParts<Row, unknown>, "refused">,
): string[] {
  return refused.map(({ item, error }) => `GitHub's ${noun} ${item.id} cannot be stored: ${error.message}`);
}

/** Throws on the first attempts, so that Inngest retries the step within minutes. */
export function retryWhileNew(problems: readonly string[], { attempt }: Pick<CaptureRun, "attempt">): void {
  const [problem] = problems;
  if (problem !== undefined && attempt < briefRetries) throw new UnreadableAnswerError(problem);
}

function toPageBefore({ offset, pageSize }: ListPosition): ListPosition {
  return { offset: Math.floor((offset - 1) / pageSize) * pageSize, pageSize, last: null };
}

/** Fails the run after everything else is stored: with the first failure, or with all problems. */
export function throwFailures(failures: readonly unknown[], problems: readonly string[]): void {
  if (failures.length > 0) throw failures[0];
  if (problems.length > 0) throw new NonRetriableError(problems.join(" "));
}
