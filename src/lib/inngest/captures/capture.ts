/**
 * What captures share: scheduling, the context of a step's rows, and requests to GitHub.
 *
 *   step         a part of a run whose result Inngest remembers
 *   observation  what a payload or GitHub's answer says about an object, with the clock that orders it
 *   ambiguous    two different observations of one second: only GitHub knows which is later
 */
import type { GetStepTools, Inngest, InngestFunction } from "inngest";
import { RequestError } from "@octokit/request-error";
import type { GitHubClient } from "../../github/github-client.ts";
import type { GitHub } from "../../github/client.ts";
import { LaggingReplicaError } from "../../github/errors.ts";
import { toInngestError } from "../../github/to-inngest-error.ts";
import { type GitHubAccount, toAccounts } from "../../records/account.ts";
import type { CaptureContext, JobStep } from "../../store/context-types.ts";
import type { Store } from "../../store/store.ts";
import { createEvent, pullRequestDetails, type CaptureTarget, type PullRequestTarget } from "../events.ts";
import { currentStep } from "../current-step.ts";
import { toKeptData } from "../events/kept-data.ts";
import { toJobEventId } from "../events/event-ids.ts";

export interface CaptureDependencies {
  inngest: Inngest;
  store: Store;
  github: GitHub;
  /** How many steps of one installation run at once. */
  concurrency: number;
}

export type StepTools = GetStepTools<Inngest>;

/** The target of a job. An installation's has no repository, and only a pull request's has a number. */
export type JobTarget = Pick<CaptureTarget, "reason" | "priority"> &
  Partial<Pick<PullRequestTarget, "installationId" | "repository" | "number">>;

/** A run, as Inngest passes it to a function. */
export interface CaptureRun<Target extends JobTarget = PullRequestTarget> {
  event: { id?: string; name: string; data: Target; ts?: number };
  runId: string;
  attempt: number;
}

/** The concurrency key of an installation, or of GITHUB_TOKEN. */
export const installationKey =
  'event.data.installationId == null ? "token" : string(event.data.installationId)';
const isUrgent = 'event.data.priority == "critical" || event.data.priority == "high"';

/** Shared by all functions. The default of 20 stays well below GitHub's limit of 100 concurrent requests. */
export function toInstallationLimit(concurrency: number) {
  return { scope: "env", key: installationKey, limit: concurrency } as const;
}

/**
 * Priorities as seconds of head start. None is negative, since Inngest would delay every step of the run.
 * https://www.inngest.com/docs/reference/functions/run-priority
 */
export const priorityByUrgency = {
  run: `event.data.priority == "critical" ? 600 : event.data.priority == "high" ? 450 : event.data.priority == "medium" ? 150 : 0`,
};

/** With Inngest's backoff of up to two hours, about eight hours: longer than an outage at night. */
export const retries = 12;

/** Less urgent captures come by the hundred. An installation starts this many per minute. */
export const throttle = { key: installationKey, limit: 60, period: "1m" } as const;

/**
 * The two functions of a capture of pull requests. Each runs one capture of a pull request at a time. Less urgent captures have a function of
 * their own, because a throttled run blocks the head of its function's queue.
 */
export function captureQueues(id: string, concurrency: number) {
  const options = {
    retries,
    concurrency: [
      {
        scope: "env",
        key: `"${id}/" + string(event.data.repository.id) + "/" + string(event.data.number)`,
        limit: 1,
      },
      toInstallationLimit(concurrency),
    ],
    priority: priorityByUrgency,
  } satisfies Pick<InngestFunction.Options, "retries" | "concurrency" | "priority">;
  return [
    { options: { ...options, id }, if: isUrgent },
    { options: { ...options, id: `${id}-in-bulk`, throttle }, if: `!(${isUrgent})` },
  ];
}

/** The provenance and the API cost of a step's rows. */
export interface Observation {
  /** GitHub's time: the payload's `updated_at`, or the date of the answer. */
  observedAt: string;
  source: "payload" | "fetch";
  accounts?: readonly (GitHubAccount | null | undefined)[];
  /** The repository's name in the observation. Absent: the event's name is used, which may be old. */
  repository?: { owner: string; name: string };
  requests?: number;
  points?: number;
  /** When the change that a payload shows was made, by GitHub's clock. Null: the payload does not show it. */
  changedAt?: string | null;
}

/** The context of a step's rows. */
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

/** A step's contribution to its job, with its cost. */
export function toJobStep(
  { event, runId, attempt }: CaptureRun<JobTarget>,
  { requests = 0, points = 0, changedAt = null }: Pick<Observation, "requests" | "points" | "changedAt"> = {},
): JobStep {
  const { number, reason, priority } = event.data;
  return {
    event_id: toJobEventId(event.id ?? runId),
    event_name: event.name,
    run_id: runId,
    attempt,
    queued_at: event.ts === undefined ? null : new Date(event.ts).toISOString(),
    number: number ?? null,
    reason,
    priority,
    requests,
    points,
    step: currentStep(),
    data: toKeptData(event),
    observed_at: changedAt,
  };
}

/** The context of an observed payload, which shows the repository's name too. */
export function toPayloadContext(
  run: CaptureRun<CaptureTarget & { number?: number }>,
  observation: Required<Pick<Observation, "observedAt" | "changedAt" | "accounts">>,
): CaptureContext {
  const { owner, name } = run.event.data.repository;
  return toContext(run, { ...observation, source: "payload", repository: { owner, name } });
}

/** The context of a step without an observation. */
export function toUnobservedContext(run: CaptureRun<CaptureTarget & { number?: number }>): CaptureContext {
  return toContext(run, { observedAt: new Date().toISOString(), source: "payload" });
}

/** GitHub sends a webhook before all its replicas have the change. Until then, a 404 may come from a lagging replica. */
export const replicatedWithinMs = 60_000;

function isTooEarly(error: unknown, data: object, now: number): boolean {
  const observed: { pull_request?: { updated_at: string }; issue?: { updated_at: string } } =
    "observed" in data ? Object(data.observed) : {};
  const clock = (observed.pull_request ?? observed.issue)?.updated_at;
  if (!clock || !(error instanceof RequestError) || error.status !== 404) return false;
  return now - Date.parse(clock) < replicatedWithinMs;
}

/** Sends a step's requests to GitHub, as the capture's installation. Throws errors with their retry policy. */
export async function askGitHub<Target extends CaptureTarget, Result>(
  github: GitHub,
  { event, attempt }: Pick<CaptureRun<Target>, "event" | "attempt">,
  ask: (client: GitHubClient, target: Target) => Promise<Result>,
): Promise<Result> {
  try {
    return await ask(await github.forInstallation(event.data.installationId), event.data);
  } catch (error) {
    const isEarly = isTooEarly(error, event.data, github.now());
    throw toInngestError(
      isEarly ? new LaggingReplicaError("GitHub's replicas may not have it yet.") : error,
      attempt,
    );
  }
}

/** How long a step waits for GitHub's replicas. GitHub sends a webhook before all of them have the change. */
export const replicaWait = "3s";

/** The longest wait for a second to end. A clock further ahead of GitHub's time is wrong. */
const maxAheadMs = 60_000;

/**
 * Sleeps until the second of `clock` is over by GitHub's time. A change later in the same second could invalidate an earlier answer. Inngest
 * gets a duration, not a moment, because its clock may differ.
 */
export async function sleepUntilSecondIsOver(
  step: StepTools,
  id: string,
  clock: string,
  github: Pick<GitHub, "now">,
): Promise<void> {
  const over = Math.floor(Date.parse(clock) / 1000) * 1000 + 3000; // Inngest may wake up half a second early
  const left = Math.min(over - github.now(), maxAheadMs);
  if (left > 0) await step.sleep(id, Math.ceil(left / 1000) * 1000);
  else await step.sleepUntil(id, new Date(0)); // over by any clock
}

/** Requests the details of a stub, which only reviews or comments have shown so far. */
export async function requestDetails(step: StepTools, { event, runId }: CaptureRun): Promise<void> {
  const { repository, installationId, number, reason, priority } = event.data;
  const target = { repository, installationId, number, reason, priority };
  const id = `${event.id ?? runId}:details`;
  await step.sendEvent(
    "request-details",
    createEvent(pullRequestDetails, id, { ...target, unlessKnown: true }),
  );
}

/**
 * Requests the details after the second in which two observations showed different reviewers. The event's id derives from that second, so a
 * burst requests them once.
 */
export async function resolveReviewers(
  step: StepTools,
  github: Pick<GitHub, "now">,
  { event }: CaptureRun,
  clock: string,
): Promise<void> {
  const { repository, installationId, number, reason, priority } = event.data;
  await sleepUntilSecondIsOver(step, "wait-for-the-reviewers-second-to-end", clock, github);
  const target = { repository, installationId, number, reason, priority };
  const id = `resolve-reviewers:${repository.id}/${number}:${Date.parse(clock)}`;
  await step.sendEvent("resolve-reviewers", createEvent(pullRequestDetails, id, target));
}
