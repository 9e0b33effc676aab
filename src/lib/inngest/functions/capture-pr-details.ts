import { LaggingReplicaError } from "../../github/errors.ts";
import { getPullRequest } from "../../github/get-pull-request.ts";
import type { GitHubPullRequest } from "../../records/github-objects.ts";
import { accountsOf } from "../../records/to-accounts.ts";
import { toPullRequest } from "../../records/to-pull-request.ts";
import type { PullRequestOutcome } from "../../store/functions.ts";
import { beginJob } from "../../store/jobs.ts";
import { mergePullRequest } from "../../store/pull-requests.ts";
import { pullRequestDetails } from "../events.ts";
import { captureFiles } from "./capture-files.ts";
import {
  afterSecondOf,
  askGitHub,
  captureQueues,
  toContext,
  toPayloadContext,
  toUnobservedContext,
  type CaptureDependencies,
  type CaptureRun,
} from "./capture.ts";

/** How often the head may move while its files are being listed, before the next push's own delivery is left to do it. */
const maxFileRounds = 3;

/**
 * Captures a pull request and, when its head or base has moved, its files. An observed one is stored as it is; GitHub is asked
 * only where none was carried, or where the store cannot order it.
 */
export function createCapturePullRequestDetails({ inngest, store, github }: CaptureDependencies) {
  async function storeObserved(run: CaptureRun, pullRequest: GitHubPullRequest): Promise<PullRequestOutcome> {
    const context = toPayloadContext(run, pullRequest.updated_at, accountsOf(pullRequest));
    return mergePullRequest(store, context, toPullRequest(pullRequest));
  }

  async function fetchPullRequest(run: CaptureRun): Promise<PullRequestOutcome> {
    const { data: pullRequest, date } = await askGitHub(github, run, getPullRequest);
    const { owner, name } = pullRequest.base.repo;
    const context = toContext(run, {
      observedAt: date,
      source: "fetch",
      accounts: accountsOf(pullRequest),
      repository: { owner: owner.login, name },
      requests: 1,
    });
    return mergePullRequest(store, context, toPullRequest(pullRequest));
  }

  /** Asks GitHub, unless another of the burst has done so while this one waited. */
  async function settle(run: CaptureRun, pullRequest: GitHubPullRequest): Promise<PullRequestOutcome> {
    const again = await storeObserved(run, pullRequest);
    if (again.outcome !== "unsettled") return again;
    return askGitHub(github, run, async () => {
      const fetched = await fetchPullRequest(run);
      if (fetched.outcome === "older")
        throw new LaggingReplicaError("GitHub shows an older pull request than before.");
      return fetched;
    });
  }

  /** Null when there is nothing left to do. */
  async function beginFetch(
    run: CaptureRun,
    unlessKnown: boolean | undefined,
  ): Promise<PullRequestOutcome | null> {
    const begun = await beginJob(store, toUnobservedContext(run), unlessKnown);
    return begun === "begun" ? fetchPullRequest(run) : null;
  }

  return captureQueues("capture-pr-details").map(({ options, if: condition }) =>
    inngest.createFunction(
      { ...options, triggers: [{ event: pullRequestDetails, if: condition }] },
      async ({ event, runId, attempt, step }) => {
        const run = { event, runId, attempt };
        const { observed, unlessKnown } = event.data;

        let details = observed
          ? await step.run("store-observed-pull-request", () => storeObserved(run, observed.pull_request))
          : await step.run("fetch-pull-request", () => beginFetch(run, unlessKnown));

        if (observed && details?.outcome === "unsettled") {
          await step.sleepUntil("wait-for-the-second-to-end", afterSecondOf(details.clock));
          details = await step.run("settle-pull-request", () => settle(run, observed.pull_request));
        }

        for (let round = 1; details?.files; round++) {
          if (await captureFiles({ store, github }, step, run, details.files, round)) break;
          if (round === maxFileRounds)
            throw new Error("The files GitHub lists are not those of the head it shows.");
          details = await step.run(`fetch-moved-pull-request-${round}`, () => fetchPullRequest(run));
        }
      },
    ),
  );
}
