/** The steps that captures of reviews and of comments share. */
import type { GitHub } from "../../github/client.ts";
import { parseAnswer } from "../../github/parse-answer.ts";
import type { Listing } from "../../github/read-page.ts";
import type { ListedKind, MergeOutcome } from "../../store/merge-types.ts";
import { beginJob } from "../../store/jobs.ts";
import {
  requestDetails,
  resolveReviewers,
  sleepUntilSecondIsOver,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
  type StepTools,
} from "./capture.ts";
import { captureListing, capturePageOf, type CapturedListing, type PageStore } from "./capture-listing.ts";
import type { ListedItems } from "./end-listings.ts";

/** A list of a pull request: how GitHub lists it, and how its rows are stored. */
export interface ListSource<Item, Row, Result> {
  kind: ListedKind;
  listing: Listing<Item>;
  path: ListedItems["path"];
  pageStore: PageStore<Item, Row, Result>;
}

/**
 * Stores what the event observed; without it, begins the job. True if the list has to be read: nothing was observed, or the observation is
 * ambiguous and its second is over.
 */
export async function needsListing(
  { store, github }: Pick<CaptureDependencies, "store" | "github">,
  step: StepTools,
  run: CaptureRun,
  storeObserved: (() => Promise<MergeOutcome>) | null,
): Promise<boolean> {
  if (!storeObserved) {
    return (await step.run("begin-job", () => beginJob(store, toUnobservedContext(run)))) !== "cancelled";
  }
  const stored = await step.run("store-observed", storeObserved);
  if (stored.details_needed) await requestDetails(step, run);
  if (stored.reviewers_ambiguous) await resolveReviewers(step, github, run, stored.reviewers_ambiguous);
  if (!stored.ambiguous) return false;
  await sleepUntilSecondIsOver(step, "wait-for-the-second-to-end", stored.ambiguous, github);
  return true;
}

/**
 * Reads a list to its end and stores it. Null if the observation is not ambiguous any more: another capture of the burst resolved it while this
 * one waited.
 */
export async function captureList<
  Item,
  Row extends { id: number },
  Result extends { details_needed: boolean },
>(
  { github }: { github: GitHub },
  step: StepTools,
  run: CaptureRun,
  list: ListSource<Item, Row, Result>,
  storeObserved: (() => Promise<MergeOutcome>) | null,
): Promise<{ listing: CapturedListing; listed: ListedItems } | null> {
  const { kind, listing: source, path, pageStore } = list;
  const listing = await captureListing(step, kind, async (position, page, mayGoBack) => {
    if (storeObserved && page === 1 && !(await storeObserved()).ambiguous) return null;
    const confirms = page === 1 && !storeObserved; // a payload names its repository
    return capturePageOf({ github }, run, source, { position, mayGoBack, confirms }, pageStore);
  });
  if (!listing) return null;
  const keep: ListedItems["keep"] = async (found, date) => {
    const items = [parseAnswer(source.item, found, source.noun)];
    await pageStore.store(pageStore.toContext(items, date, 1), pageStore.toRows(items, date));
  };
  return { listing, listed: { kind, isComplete: listing.isComplete, path, keep } };
}
