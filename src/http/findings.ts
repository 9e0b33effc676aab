/** What is wrong, in sentences for operators. Everything here comes from the same figures as the rest of the API. */
import type { Activity, Overview } from "../api/console-contract.ts";
import { countGaps, type Analysis, type QueueStats } from "../api/contract.ts";
import { deliveriesReconcile } from "../lib/inngest/events.ts";
import type { RepositoryDescription } from "../lib/store/activity-types.ts";
import type { Health } from "./health.ts";

/** The figures that findings are about. */
export interface Seen {
  health: Health;
  jobs: QueueStats;
  analysis: Pick<Analysis, "repositories" | "total">;
  /** The descriptions by the repository's id. */
  descriptions: ReadonlyMap<number, RepositoryDescription>;
  activity: readonly Activity[];
  bucketSeconds: number;
  budgets: Overview["budgets"];
  reconcilers: Overview["reconcilers"];
  now: Date;
}

export interface Finding {
  text: string;
  /** Where the console shows it. */
  view: string | null;
  /** What it means for the status, if nothing worse is found. */
  weight: (typeof weights)[number];
}

/** An event that has waited for less than this is on its way, and no finding. */
const waitingSeconds = 30;

/** How far back refused and failed webhooks count. */
const recentSeconds = 3600;

const weights = ["attention", "unknown", "working"] as const;

/** The maximum number of repositories that one finding names. */
const maxNamed = 3;

/** Returns the findings, worst first. */
export function findFindings(seen: Seen): Finding[] {
  const findings = [
    ...findSetupProblems(seen),
    ...findFailures(seen),
    ...findLosses(seen),
    ...findRefusals(seen),
    ...findLateReconcilers(seen),
    ...findUsedBudgets(seen),
    ...findGaps(seen),
    ...findUnknown(seen),
  ];
  return weights.flatMap((weight) => findings.filter((each) => each.weight === weight));
}

export function toStatus({ jobs, analysis }: Seen, findings: readonly Finding[]): Overview["status"] {
  const has = (weight: Finding["weight"]) => findings.some((each) => each.weight === weight);
  if (has("attention")) return "attention";
  if (has("unknown") || analysis.repositories.length === 0) return "unknown";
  return has("working") || countUnfinished(jobs) > 0 ? "working" : "in_sync";
}

export function toSentence({ jobs, analysis }: Seen, findings: readonly Finding[]): string {
  const [worst] = findings;
  if (worst) return worst.text;
  if (analysis.repositories.length === 0)
    return "No repository is captured yet. Install the App on one, or start a backfill.";
  const unfinished = countUnfinished(jobs);
  if (unfinished > 0) {
    const captures = unfinished === 1 ? "1 capture is" : `${plural(unfinished, "capture")} are`;
    return `No gap is known, and ${captures} on the way.`;
  }
  const pullRequests = plural(analysis.total.pull_requests.captured, "pull request");
  return `Everything is in sync: ${plural(analysis.repositories.length, "repository")}, ${pullRequests}.`;
}

function findSetupProblems({ health }: Seen): Finding[] {
  const problems = (health.problems ?? []).map((text) => finding(text, null));
  return health.database.reachable ? problems : [finding("The database does not answer.", null), ...problems];
}

function findFailures({ jobs: { failed, retrying } }: Seen): Finding[] {
  const failures =
    failed === 1
      ? "1 capture failed. Look at its error and replay it."
      : `${plural(failed, "capture")} failed. Look at their errors and replay them.`;
  const retries =
    retrying === 1
      ? "1 capture has failed and will be tried again."
      : `${plural(retrying, "capture")} have failed and will be tried again.`;
  return [
    ...(failed > 0 ? [finding(failures, "jobs?state=failed")] : []),
    ...(retrying > 0 ? [{ ...finding(retries, "jobs?state=retrying"), weight: "working" as const }] : []),
  ];
}

/** Events that are accepted, and have not become jobs. */
function findLosses({ health: { outbox, journal, inngest } }: Seen): Finding[] {
  const { waiting = 0, oldest_age_seconds: age } = outbox ?? {};
  const { unstarted = 0, dropped = 0 } = journal ?? {};
  const isWaiting = waiting > 0 && (age ?? 0) >= waitingSeconds;
  return [
    ...(isWaiting
      ? [
          finding(
            `${clause(waiting, "event", "waits", "wait")} in the outbox until ${inngest.is} accepts ${them(waiting)}. Check that ${inngest.is} is running.`,
            null,
          ),
        ]
      : []),
    ...(unstarted > 0
      ? [
          finding(
            `${clause(unstarted, "event", "was", "were")} accepted by ${inngest.is} and never ran. Check that ${inngest.is} is running. The ${unstarted === 1 ? "event is" : "events are"} sent again.`,
            null,
          ),
        ]
      : []),
    ...(dropped > 0
      ? [
          finding(
            `${clause(dropped, "event", "is", "are")} not in the journal, so nobody notices if ${inngest.is} loses ${them(dropped)}. Run: npx pr-capture reconcile`,
            null,
          ),
        ]
      : []),
  ];
}

/**
 * Refused webhooks are a finding only when no webhook was accepted: the secret may be wrong, or strangers sent them. Webhooks that could not be
 * stored are one until the reconciler has read GitHub's delivery log.
 */
function findRefusals({ activity, bucketSeconds, reconcilers }: Seen): Finding[] {
  const recent = activity.slice(-Math.max(1, Math.ceil(recentSeconds / bucketSeconds)));
  const logReadAt = reconcilers.find(({ name }) => name === deliveriesReconcile.name)?.succeeded_at;
  const isUnread = ({ at }: Activity) =>
    !logReadAt || Date.parse(at) + bucketSeconds * 1000 > Date.parse(logReadAt);
  const refused = sumOf(recent, "refused");
  const failed = sumOf(recent.filter(isUnread), "failed_deliveries");
  return [
    ...(refused > 0 && sumOf(recent, "accepted") === 0
      ? [
          finding(
            `${clause(refused, "recent webhook", "was refused", "were refused")}, and none was accepted. Check that WEBHOOK_SECRET is the App's.`,
            null,
          ),
        ]
      : []),
    ...(failed > 0
      ? [
          finding(
            `${plural(failed, "recent webhook")} could not be stored. GitHub's delivery log keeps ${them(failed)} for redelivery.`,
            null,
          ),
        ]
      : []),
  ];
}

function sumOf(buckets: readonly Activity[], figure: "accepted" | "refused" | "failed_deliveries"): number {
  return buckets.reduce((total, bucket) => total + bucket[figure], 0);
}

function findLateReconcilers({ reconcilers }: Seen): Finding[] {
  return reconcilers
    .filter(({ is_late }) => is_late)
    .map(({ name, succeeded_at }) =>
      finding(
        succeeded_at === null
          ? `The reconciler ${name} has never succeeded, so lost changes are not found.`
          : `The reconciler ${name} is late, so lost changes are not found. Look at its jobs.`,
        `jobs?function=${name}`,
      ),
    );
}

function findUsedBudgets({ budgets, now }: Seen): Finding[] {
  return budgets
    .filter(({ remaining, reset_at }) => remaining === 0 && Date.parse(reset_at) > now.getTime())
    .map(({ account, installation_id, resource, reset_at }) =>
      finding(
        `GitHub's ${resource === "core" ? "REST" : "GraphQL"} budget of ${account ?? (installation_id === null ? "GITHUB_TOKEN" : `installation ${installation_id}`)} is used up, so its captures wait until ${new Date(reset_at).toISOString()}.`,
        null,
      ),
    );
}

/** The gaps of repositories that were compared. Gaps that unfinished captures can close need no action. */
function findGaps({ analysis, descriptions }: Seen): Finding[] {
  const known = analysis.repositories.filter((each) => each.inventoried_at !== null && countGaps(each) > 0);
  const isOnTheWay = (each: Analysis["repositories"][number]) => {
    const { sync = null, unfinished = 0 } = descriptions.get(each.id) ?? {};
    return sync !== null || unfinished >= countGaps(each);
  };
  const left = known.filter((each) => !isOnTheWay(each));
  const closing = known.filter(isOnTheWay);
  return [
    ...(left.length > 0
      ? [
          finding(
            `${countIn(left)}: the rows differ from GitHub. Close ${them(sumGaps(left))}.`,
            "repositories",
          ),
        ]
      : []),
    ...(closing.length > 0
      ? [
          {
            ...finding(
              `${countIn(closing)}, and captures that can close ${them(sumGaps(closing))} are on the way.`,
              "repositories",
            ),
            weight: "working" as const,
          },
        ]
      : []),
  ];
}

function sumGaps(repositories: readonly Pick<Analysis["total"], "gaps">[]): number {
  return repositories.reduce((sum, each) => sum + countGaps(each), 0);
}

function countIn(repositories: readonly Analysis["repositories"][number][]): string {
  const where =
    repositories.length === 1 ? nameOf(repositories[0]) : plural(repositories.length, "repository");
  return `${plural(sumGaps(repositories), "gap")} in ${where}`;
}

/** Repositories without a comparison with GitHub. */
function findUnknown({ analysis }: Seen): Finding[] {
  const unknown = analysis.repositories.filter(({ inventoried_at }) => inventoried_at === null);
  return [
    ...describeUnknown(
      unknown.filter(({ synced_at }) => synced_at === null),
      (one) =>
        `${one ? "was" : "were"} never compared with GitHub; ${one ? "its" : "their"} state is unknown until the first sync ends.`,
    ),
    ...describeUnknown(
      unknown.filter(({ synced_at }) => synced_at !== null),
      (one) =>
        `${one ? "has" : "have"} no complete inventory, or ${one ? "is" : "are"} not shown by GitHub any more; ${one ? "its" : "their"} state is unknown.`,
    ),
  ];
}

function describeUnknown(
  unknown: readonly Analysis["repositories"][number][],
  describe: (one: boolean) => string,
): Finding[] {
  if (unknown.length === 0) return [];
  const names =
    unknown.length > maxNamed
      ? plural(unknown.length, "repository")
      : new Intl.ListFormat("en").format(unknown.map(nameOf));
  const text = `${names} ${describe(unknown.length === 1)}`;
  return [{ ...finding(text, "repositories"), weight: "unknown" }];
}

function finding(text: string, view: string | null): Finding {
  return { text, view, weight: "attention" };
}

function nameOf(repository: Analysis["repositories"][number] | undefined): string {
  return repository?.repository ?? `repository ${repository?.id ?? ""}`;
}

function countUnfinished({ pending, processing, retrying }: QueueStats): number {
  return pending + processing + retrying;
}

/** Returns a count with its noun and verb, such as `2 events wait`. */
function clause(count: number, noun: string, singular: string, many: string): string {
  return `${plural(count, noun)} ${count === 1 ? singular : many}`;
}

function them(count: number): string {
  return count === 1 ? "it" : "them";
}

/** Returns a count with its noun, such as `1 repository` or `1,204 gaps`. */
function plural(count: number, noun: string): string {
  const nouns = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;
}
