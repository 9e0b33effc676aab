/**
 * What the captures of one pull request have in common: how they are scheduled, what a step reports, and what becomes of a failure.
 *
 *   step         a piece of a run that Inngest runs once and remembers
 *   observation  what a payload or GitHub's answer says of an object, with the clock that orders it
 *   unsettled    two observations of the same second that differ: only GitHub can tell which is later
 */
import type { GetStepTools, Inngest, InngestFunction } from "inngest";
import { RequestError } from "@octokit/request-error";
import type { GitHub, GitHubClient } from "../../github/client.ts";
import { LaggingReplicaError } from "../../github/errors.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import type { GitHubAccount } from "../../records/github-objects.ts";
import { toAccounts } from "../../records/to-accounts.ts";
import type { CaptureContext, JobStep } from "../../store/functions.ts";
import type { Store } from "../../store/store.ts";
import { pullRequestDetails, type CaptureTarget, type PullRequestTarget } from "../events.ts";

export interface CaptureDependencies {
  inngest: Inngest;
  store: Store;
  github: GitHub;
}

export type StepTools = GetStepTools<Inngest>;

/** What a job is about. Of an installation's there is no repository, and only of a pull request's a number. */
export type JobTarget = Pick<CaptureTarget, "installationId" | "reason" | "priority"> &
  Partial<Pick<PullRequestTarget, "repository" | "number">>;

/** The run a step belongs to, as Inngest hands it to a function. */
export interface CaptureRun<Target extends JobTarget = PullRequestTarget> {
  event: { id?: string; name: string; data: Target };
  runId: string;
  attempt: number;
}

const installation = 'event.data.installationId == null ? "token" : string(event.data.installationId)';
const isUrgent = 'event.data.priority == "critical" || event.data.priority == "high"';

/** Shared by all functions: at once, an installation's captures stay well below the 100 requests that GitHub allows. */
export const installationLimit = { scope: "env", key: installation, limit: 20 } as const;

/**
 * Priorities as seconds of head start. None is negative: that is a delay, which Inngest would make every step of a run wait for.
 * https://www.inngest.com/docs/reference/functions/run-priority
 */
export const priorityByUrgency = {
  run: `event.data.priority == "critical" ? 600 : event.data.priority == "high" ? 450 : event.data.priority == "medium" ? 150 : 0`,
};

/** With Inngest's pauses, of up to two hours, some eight hours: what an outage in a night must not exhaust. */
export const retries = 12;

/** What is less urgent comes by hundreds: of an installation so many begin at once, and then a minute. */
export const throttle = { key: installation, limit: 60, period: "1m" } as const;

/**
 * How the captures of one pull request are scheduled, and when: one request of each kind at a time. What is less urgent is another
 * function's, since Inngest keeps a queue for each, at whose head stands what a throttle holds back.
 */
export function captureQueues(id: string) {
  const options = {
    retries,
    concurrency: [
      {
        scope: "env",
        key: `"${id}/" + string(event.data.repository.id) + "/" + string(event.data.number)`,
        limit: 1,
      },
      installationLimit,
    ],
    priority: priorityByUrgency,
  } satisfies Pick<InngestFunction.Options, "retries" | "concurrency" | "priority">;
  return [
    { options: { ...options, id }, if: isUrgent },
    { options: { ...options, id: `${id}-in-bulk`, throttle }, if: `!(${isUrgent})` },
  ];
}

/** Where one step's rows come from, and what they cost. */
export interface Observation {
  /** GitHub's time of it: the payload's `updated_at`, or the date of the answer. */
  observedAt: string;
  source: "payload" | "fetch";
  accounts?: readonly (GitHubAccount | null)[];
  /** The repository's name as the observation shows it. Without it the event's is used, which may be an old one. */
  repository?: { owner: string; name: string };
  requests?: number;
  points?: number;
}

/** What a step tells the store besides its rows. */
export function toContext(
  run: CaptureRun<CaptureTarget & { number?: number }>,
  observation: Observation,
): CaptureContext {
  const { data } = run.event;
  return {
    repository: {
      id: data.repository.id,
      owner: observation.repository?.owner ?? data.repository.owner,
      name: observation.repository?.name ?? data.repository.name,
      seen_at: observation.repository ? observation.observedAt : null,
    },
    installation_id: data.installationId,
    accounts: toAccounts(observation.accounts ?? []),
    observed_at: observation.observedAt,
    fetched_at: observation.source === "fetch" ? observation.observedAt : null,
    job: toJobStep(run, observation),
  };
}

/** A step's part in its job, with what it spent. */
export function toJobStep(
  { event, runId, attempt }: CaptureRun<JobTarget>,
  { requests = 0, points = 0 }: Pick<Observation, "requests" | "points"> = {},
): JobStep {
  const { number, reason, priority } = event.data;
  return {
    event_id: event.id ?? runId,
    event_name: event.name,
    run_id: runId,
    attempt,
    number: number ?? null,
    reason,
    priority,
    requests,
    points,
  };
}

/** The context of what the event carried. Its payload shows the repository's name too. */
export function toPayloadContext(
  run: CaptureRun<CaptureTarget & { number?: number }>,
  observedAt: string,
  accounts: readonly (GitHubAccount | null)[],
): CaptureContext {
  const { owner, name } = run.event.data.repository;
  return toContext(run, { observedAt, source: "payload", accounts, repository: { owner, name } });
}

/** The context of a step that has seen nothing of GitHub. */
export function toUnobservedContext(run: CaptureRun<CaptureTarget & { number?: number }>): CaptureContext {
  return toContext(run, { observedAt: new Date().toISOString(), source: "payload" });
}

/** GitHub sends a webhook before all its replicas have what it is about. For so long after that, a 404 may be one of theirs. */
const replicatedWithinMs = 60_000;

function isTooEarly(error: unknown, data: object): boolean {
  const observed: { pull_request?: { updated_at: string }; issue?: { updated_at: string } } =
    "observed" in data ? Object(data.observed) : {};
  const clock = (observed.pull_request ?? observed.issue)?.updated_at;
  if (!clock || !(error instanceof RequestError) || error.status !== 404) return false;
  return Date.now() - Date.parse(clock) < replicatedWithinMs;
}

/** Lets a step ask GitHub, as the capture's installation, about its target. Throws what Inngest understands. */
export async function askGitHub<Target extends CaptureTarget, Result>(
  github: GitHub,
  { event }: Pick<CaptureRun<Target>, "event">,
  ask: (client: GitHubClient, target: Target) => Promise<Result>,
): Promise<Result> {
  try {
    return await ask(await github.forInstallation(event.data.installationId), event.data);
  } catch (error) {
    const isEarly = isTooEarly(error, event.data);
    throw toInngestError(
      isEarly ? new LaggingReplicaError("GitHub does not have it everywhere yet.") : error,
    );
  }
}

/** Clocks differ by seconds, not by more than this: one that is further ahead is no clock. */
const furthestAheadMs = 60_000;

/**
 * When GitHub can be asked about observations of that second: once the second is over for certain, since an answer within it may
 * be overtaken.
 */
export function afterSecondOf(clock: string): Date {
  const over = Math.floor(Date.parse(clock) / 1000) * 1000 + 3000; // Inngest may wake half a second early
  return new Date(Math.min(over, Date.now() + furthestAheadMs));
}

/** Asks for the details of a pull request that only a review or comment has told of so far. */
export async function requestDetails(step: StepTools, { event, runId }: CaptureRun): Promise<void> {
  const { repository, installationId, number, reason, priority } = event.data;
  await step.sendEvent("request-details", {
    ...pullRequestDetails.create({ repository, installationId, number, reason, priority, unlessKnown: true }),
    id: `${event.id ?? runId}:details`,
  });
}

/**
 * Asks for the details once the second is over in which two observations showed different reviewers. The event's id follows from that second:
 * a whole burst asks once.
 */
export async function settleReviewers(step: StepTools, { event }: CaptureRun, clock: string): Promise<void> {
  const { repository, installationId, number, reason, priority } = event.data;
  await step.sleepUntil("wait-for-the-reviewers-second-to-end", afterSecondOf(clock));
  await step.sendEvent("settle-reviewers", {
    ...pullRequestDetails.create({ repository, installationId, number, reason, priority }),
    id: `settle-reviewers:${repository.id}/${number}:${Date.parse(clock)}`,
  });
}
