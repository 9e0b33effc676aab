import { describeRepairs } from "../client/describe-repairs.ts";
import {
  countGaps,
  gapKindSchema,
  jobStateSchema,
  type Analysis,
  type Figures,
  type GapKind,
  type Job,
  type QueueStats,
} from "../api/contract.ts";
import type { FailureGroup } from "../api/console-contract.ts";
import { drawBar } from "./progress-bar.ts";
import { ageTitle, toAge, formatTable, paint, printable, type Screen } from "./terminal.ts";

/** The maximum number of items in a list. Longer lists end with a count. */
const maxListed = 20;

const kinds = gapKindSchema.options;

/** Formats one repository in full, or a table of several. */
export function formatAnalysis({ repositories, total, gaps }: Analysis, screen: Screen): string {
  const [only] = repositories;
  if (!only)
    return "There are no repositories yet. Install the App on one, or run: npx pr-capture backfill owner/name";
  const missing = countGaps(total);
  const name = repositories.length === 1 ? ` ${only.repository ?? only.id}` : " owner/name";
  const unknown = repositories.filter(({ inventoried_at }) => inventoried_at === null);
  return [
    ...(repositories.length === 1
      ? [printable(only.repository ?? String(only.id)), ...kinds.map((kind) => formatShare(kind, only))]
      : [formatRepositories(repositories, screen)]),
    ...(gaps.length > 0 ? ["", ...gaps.slice(0, maxListed).map(formatGap)] : []),
    ...(missing > Math.min(gaps.length, maxListed) && gaps.length > maxListed
      ? [`… ${count(gaps.length - maxListed)} more are in --json`]
      : []),
    "",
    missing === 0
      ? unknown.length === 0
        ? "No gaps: everything on GitHub is captured."
        : "No known gaps."
      : `${plural(missing, "gap")}. Close ${missing === 1 ? "it" : "them"} with: npx pr-capture fix${name}`,
    ...unknown.map(({ repository, id }) => {
      const target = printable(repository ?? String(id));
      return `${target} has no inventory yet, so its coverage is unknown. Take one with: npx pr-capture fix ${target}`;
    }),
  ].join("\n");
}

function formatShare(kind: GapKind, figures: Figures): string {
  const { captured, github, percent } = figures[kind];
  return `  ${toWords(kind).padEnd(13)}  ${drawBar((percent ?? 0) / 100)}  ${formatPercent(percent).padStart(7)}  ${formatCount(captured, github)}`;
}

function formatRepositories(repositories: Analysis["repositories"], screen: Screen): string {
  return formatTable(
    repositories,
    [
      {
        title: "REPOSITORY",
        cell: (each) => printable(each.repository ?? String(each.id)),
        shrinks: "start",
      },
      ...kinds.map((kind) => ({
        title: toWords(kind).toUpperCase(),
        cell: (each: Figures) => formatPercent(each[kind].percent),
        align: "right" as const,
        isDispensable: true as const,
      })),
      {
        title: "GAPS",
        cell: (each) => count(countGaps(each)),
        align: "right",
        style: (each) => (countGaps(each) > 0 ? "yellow" : "green"),
      },
    ],
    screen,
  );
}

function formatGap(gap: Analysis["gaps"][number]): string {
  const { kind, repository, repository_id, number, stale, captured, github } = gap;
  const target = `${printable(repository ?? String(repository_id))}${number === null ? "" : `#${number}`}`;
  if (kind === "pull_requests" && number !== null) return `  ${target}  not captured`;
  if (kind === "details") return `  ${target}  details are missing, or older than GitHub's last update`;
  if (stale) return `  ${target}  ${toWords(kind)} must be read again`;
  return `  ${target}  ${toWords(kind)}, ${formatCount(captured, github)}`;
}

function formatCount(captured: number, github: number | null): string {
  return `${count(captured)} of ${github === null ? "an unknown number" : count(github)}`;
}

function formatPercent(percent: number | null): string {
  return percent === null ? "unknown" : `${percent} %`;
}

function toWords(kind: GapKind): string {
  return kind.replace("_", " ");
}

export function formatStats(stats: QueueStats): string {
  const states = jobStateSchema.options.map((state) => {
    const text = `${count(stats[state])} ${state}`;
    return stats[state] > 0 ? paint(stateStyles[state], text) : text;
  });
  const { retrying, failed } = stats;
  const line = states.join(", ");
  const troubled = failed > 0 ? "failed" : retrying > 0 ? "retrying" : null;
  return troubled ? `${line}. See why with: npx pr-capture jobs --state ${troubled}` : line;
}

const stateStyles = {
  pending: "dim",
  processing: "cyan",
  retrying: "yellow",
  completed: "green",
  failed: "red",
  cancelled: "dim",
} as const satisfies Record<Job["state"], string>;

/** Formats a table of jobs. Below a job: why the last attempt failed, and when the next one is due. */
export function formatJobs(jobs: readonly Job[], screen: Screen): string {
  if (jobs.length === 0) return "No jobs found.";
  return formatTable(
    jobs,
    [
      { title: "ID", cell: ({ id }) => String(id), align: "right" },
      { title: "STATE", cell: ({ state }) => state, style: ({ state }) => stateStyles[state] },
      { title: "FUNCTION", cell: (job) => job.event_name },
      { title: "TARGET", cell: toTarget, shrinks: "start" },
      { title: "REASON", cell: ({ reason, priority }) => `${reason}, ${priority}`, isDispensable: true },
      { title: "ATTEMPTS", cell: ({ attempts }) => count(attempts), align: "right", isDispensable: true },
      { title: "REQUESTS", cell: ({ requests }) => count(requests), align: "right", isDispensable: true },
      { title: "ROWS", cell: (job) => count(job.rows_written), align: "right", isDispensable: true },
      { title: ageTitle(screen), cell: (job) => toAge(job.created_at, screen), align: "right" },
    ],
    screen,
    (job) =>
      [
        job.done === null ? "" : formatProgress(job),
        formatLeftBehind(job),
        job.error ? `${printable(job.error.message)}${formatNextAttempt(job)}` : "",
      ].filter(Boolean),
  );
}

function toTarget({ repository, number }: Pick<Job, "repository" | "number">): string {
  return printable(`${repository ?? ""}${number === null ? "" : `#${number}`}`);
}

/** Formats a table of groups. Below a group: the newest message, and how to replay it. */
export function formatFailures(failures: readonly FailureGroup[], screen: Screen): string {
  if (failures.length === 0) return "No job has failed.";
  return formatTable(
    failures,
    [
      { title: "FAILED", cell: ({ failed }) => count(failed), align: "right", style: () => "red" },
      { title: "RETRYING", cell: ({ retrying }) => count(retrying), align: "right", style: () => "yellow" },
      { title: "FUNCTION", cell: (group) => group.function },
      { title: "ERROR", cell: ({ error }) => printable(error), shrinks: "end", isDispensable: true },
      { title: "LAST", cell: (group) => toAge(group.last_at, screen), align: "right" },
    ],
    screen,
    ({ key, message, failed }) => [
      printable(message),
      ...(failed > 0 ? [`Run them again with: npx pr-capture replay --failure ${key}`] : []),
    ],
  );
}

function formatNextAttempt({ state, next_attempt_at }: Job): string {
  if (state !== "retrying") return "";
  return next_attempt_at === null
    ? " (The next attempt follows Inngest's backoff.)"
    : ` (The next attempt is due at ${new Date(next_attempt_at).toISOString()}.)`;
}

/** Formats a sync's progress, or what a reconciler started. */
export function formatProgress(job: Job): string {
  const { state, done, total } = job;
  if (done === null) return state;
  const repairs = describeRepairs(job);
  if (repairs !== null) return repairs;
  return total === null ? plural(done, "pull request") : `${count(done)} of ${plural(total, "pull request")}`;
}

/** Names the pull requests that a sync left to captures of their own. "" when there are none. */
export function formatLeftBehind({ left_behind: numbers }: Job): string {
  if (numbers.length === 0) return "";
  const shown = numbers.slice(0, maxListed).map((number) => `#${number}`);
  const more = numbers.length > shown.length ? `, and ${count(numbers.length - shown.length)} more` : "";
  return `${plural(numbers.length, "pull request")} could not be read in the sync and ${numbers.length === 1 ? "has a capture of its" : "have captures of their"} own: ${shown.join(", ")}${more}.`;
}

export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
