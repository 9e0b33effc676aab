import { NonRetriableError } from "inngest";
import { LaggingReplicaError } from "../../github/errors.ts";
import { getPullRequest } from "../../github/get-pull-request.ts";
import { type GitHubPullRequest, accountsOf, toPullRequest } from "../../records/pull-request.ts";
import type { PullRequestOutcome } from "../../store/merge-types.ts";
import { beginJob } from "../../store/jobs.ts";
import { mergePullRequestDetails } from "../../store/pull-requests.ts";
import { pullRequestDetails } from "../events.ts";
import { createCaptureFiles, type FirstFiles } from "../captures/capture-files.ts";
import {
  sleepUntilSecondIsOver,
  askGitHub,
  captureQueues,
  toContext,
  toPayloadContext,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
} from "../captures/capture.ts";

/**
 * How often the files are listed again because the head moved, or a replica lags. The pauses between the rounds grow to some four minutes in
 * all. After that, the next push's delivery captures them.
 */
const maxFileRounds = 8;

/**
 * Captures a pull request and, if its head or base moved, its files. Asks GitHub only if nothing was observed, or the observation is
 * ambiguous.
 */
export function createCapturePullRequestDetails({
  inngest,
  store,
  github,
  concurrency,
}: CaptureDependencies) {
  const { captureFirst, captureOthers } = createCaptureFiles({ store, github });

  async function storeObserved(run: CaptureRun, pullRequest: GitHubPullRequest): Promise<PullRequestOutcome> {
    const context = toPayloadContext(run, {
      observedAt: pullRequest.updated_at,
      changedAt: pullRequest.updated_at,
      accounts: accountsOf(pullRequest),
    });
    return mergePullRequestDetails(store, context, toPullRequest(pullRequest));
  }

  async function fetchPullRequest(run: CaptureRun): Promise<PullRequestOutcome> {
    const { data: pullRequest, date } = await askGitHub(github, run, getPullRequest);
    const { owner, name } = pullRequest.base?.repo ?? {};
    const context = toContext(run, {
      observedAt: date,
      source: "fetch",
      accounts: accountsOf(pullRequest),
      ...(owner?.login && name && { repository: { owner: owner.login, name } }),
      requests: 1,
    });
    return mergePullRequestDetails(store, context, toPullRequest(pullRequest));
  }

  /** Asks GitHub, unless another capture of the burst did so while this one waited. */
  async function resolve(run: CaptureRun, pullRequest: GitHubPullRequest): Promise<PullRequestOutcome> {
    const again = await storeObserved(run, pullRequest);
    if (again.outcome !== "ambiguous") return again;
    return askGitHub(github, run, async () => {
      const fetched = await fetchPullRequest(run);
      if (fetched.outcome === "older")
        throw new LaggingReplicaError("GitHub shows an older pull request than before.");
      return fetched;
    });
  }

  /** Returns null when nothing is left to do. */
  async function beginFetch(
    run: CaptureRun,
    unlessKnown: boolean | undefined,
  ): Promise<PullRequestOutcome | null> {
    const begun = await beginJob(store, toUnobservedContext(run), unlessKnown);
    return begun === "begun" ? fetchPullRequest(run) : null;
  }

  /** Captures the first files in the step that stores the details. Most pull requests have no others, so their capture has one step. */
  async function withFirstFiles(
    run: CaptureRun,
    details: PullRequestOutcome | null,
  ): Promise<Captured | null> {
    if (!details?.files || details.outcome === "ambiguous") return details;
    return { ...details, firstFiles: await captureFirst(run, details.files) };
  }

  return captureQueues("capture-pr-details", concurrency).map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestDetails, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed, unlessKnown } = event.data;

        let details = observed
          ? await step.run("store-observed-pull-request", async () =>
              withFirstFiles(run, await storeObserved(run, observed.pull_request)),
            )
          : await step.run("fetch-pull-request", async () =>
              withFirstFiles(run, await beginFetch(run, unlessKnown)),
            );

        if (observed && details?.outcome === "ambiguous") {
          await sleepUntilSecondIsOver(step, "wait-for-the-second-to-end", details.clock, github);
          details = await step.run("resolve-pull-request", async () =>
            withFirstFiles(run, await resolve(run, observed.pull_request)),
          );
        }

        for (let round = 1; details?.files; round++) {
          const { files } = details;
          const first =
            details.firstFiles ??
            (await step.run(`list-files-${round}-page-1`, () => captureFirst(run, files)));
          if (await captureOthers(step, run, files, round, first)) break;
          if (round === maxFileRounds)
            throw new NonRetriableError("GitHub lists the files of another head than it shows.");
          if (round > 1) await step.sleep(`wait-for-the-files-${round}`, 2 ** round * 1000);
          details = await step.run(`fetch-moved-pull-request-${round}`, async () =>
            withFirstFiles(run, await fetchPullRequest(run)),
          );
        }
      },
    ),
  );
}

interface Captured extends PullRequestOutcome {
  /** Absent when a step of their own lists them. */
  firstFiles?: FirstFiles;
}
