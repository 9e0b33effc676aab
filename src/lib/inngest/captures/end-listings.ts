/**
 * Infers deletions whose webhooks were lost.
 *
 * Absence from a listing proves nothing: a replica may lag, and a listing can shift while it is read. So each row that a listing lacks is
 * requested by its id. Only GitHub's 404 for the item, while its pull request can be read, marks the row as deleted. This costs a request
 * for each lost deletion, and nothing otherwise.
 */
import { RequestError } from "@octokit/request-error";
import { RetryAfterError } from "inngest";
import { toDate } from "../../github/get-page.ts";
import { getPullRequest } from "../../github/get-pull-request.ts";
import type { GitHubClient } from "../../github/github-client.ts";
import type { AbsentItem, ListedKind } from "../../store/merge-types.ts";
import { markDeleted, finishListing } from "../../store/listings.ts";
import { toBatches } from "../events/batches.ts";
import {
  askGitHub,
  replicatedWithinMs,
  toContext,
  type CaptureDependencies,
  type CaptureRun,
  type StepTools,
} from "./capture.ts";

/** A list that was read, and how one of its items is requested and stored. */
export interface ListedItems {
  kind: ListedKind;
  isComplete: boolean;
  /** The path of one item, below the repository's. */
  path: (number: number, id: number) => string;
  /** Stores an item that exists although the listing lacked it. */
  keep: (item: unknown, date: string) => Promise<void>;
}

/** Absent items requested in one step. */
const confirmationBatchSize = 10;

interface EndedListings {
  name: string;
  listed: ListedItems[];
  beganAt: string;
}

/**
 * Ends listings: marks deleted items, records GitHub's counts except those of `uncounted`, and ends the job if `finished`. If items could not be
 * read or stored, the caller passes `finished: false` and throws.
 */
export async function endListings(
  { store, github }: Pick<CaptureDependencies, "store" | "github">,
  step: StepTools,
  run: CaptureRun,
  {
    name,
    listed,
    beganAt,
    uncounted = [],
    finished,
  }: EndedListings & { uncounted?: ListedKind[]; finished: boolean },
): Promise<void> {
  const context = toContext(run, { observedAt: beganAt, source: "fetch" });
  const listing = {
    number: run.event.data.number,
    kinds: listed.map(({ kind }) => kind),
    counted: toCounted(listed).filter((kind) => !uncounted.includes(kind)),
    began_at: beganAt,
    finished,
  };
  const absent = await step.run(`finish-${name}`, () => finishListing(store, context, listing));
  if (absent.length === 0) return;
  const gone: AbsentItem[] = [];
  for (const [index, batch] of toBatches(absent, confirmationBatchSize).entries()) {
    gone.push(...(await step.run(`confirm-absent-${index}`, () => findGone({ github }, run, batch, listed))));
  }
  await step.run(`mark-deleted-${name}`, () => markDeleted(store, context, { ...listing, gone }));
}

/** Records GitHub's counts of ended listings, and ends the job. */
export async function countListings(
  { store }: Pick<CaptureDependencies, "store">,
  step: StepTools,
  run: CaptureRun,
  { name, listed, beganAt }: EndedListings,
): Promise<void> {
  const context = toContext(run, { observedAt: beganAt, source: "fetch" });
  const { number } = run.event.data;
  const counted = toCounted(listed);
  await step.run(`count-${name}`, () =>
    finishListing(store, context, { number, kinds: [], counted, began_at: beganAt, finished: true }),
  );
}

function toCounted(listed: readonly ListedItems[]): ListedKind[] {
  return listed.filter(({ isComplete }) => isComplete).map(({ kind }) => kind);
}

/** The items that GitHub deleted. The others are stored as GitHub shows them. */
async function findGone(
  { github }: Pick<CaptureDependencies, "github">,
  run: CaptureRun,
  absent: readonly AbsentItem[],
  listed: readonly ListedItems[],
): Promise<AbsentItem[]> {
  return askGitHub(github, run, async (client, { repository, number }) => {
    const gone: AbsentItem[] = [];
    for (const item of absent) {
      const list = listed.find(({ kind }) => kind === item.kind);
      if (!list) continue;
      const found = await getItem(client, repository, list.path(number, item.id));
      if (found) await list.keep(found.data, found.date);
      else gone.push(item);
    }
    if (gone.length === 0) return [];
    waitForReplicas(gone, github.now());
    // Without access to the repository, GitHub answers 404 for everything in it.
    await getPullRequest(client, { repository, number });
    return gone;
  });
}

/** Null on 404. */
async function getItem(
  client: GitHubClient,
  { owner, name }: { owner: string; name: string },
  path: string,
): Promise<{ data: unknown; date: string } | null> {
  try {
    const { data, headers } = await client.request(`GET /repos/{owner}/{repo}/${path}`, {
      owner,
      repo: name,
    });
    return { data, date: toDate(headers.date) };
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return null;
    throw error;
  }
}

/** Waits while a lagging replica may lack an item that GitHub just created. */
function waitForReplicas(gone: readonly AbsentItem[], now: number): void {
  const replicatedAt = Math.max(...gone.map(({ created_at }) => Date.parse(created_at))) + replicatedWithinMs;
  if (replicatedAt > now)
    throw new RetryAfterError("GitHub's replicas may not have it yet.", replicatedAt - now);
}
