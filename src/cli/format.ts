import {
  countGaps,
  gapKindSchema,
  type Analysis,
  type Figures,
  type GapKind,
  type Job,
  type QueueStats,
} from "../api/contract.ts";
import type { FailureGroup } from "../api/console-contract.ts";
import { drawBar } from "./progress-bar.ts";

/** Longer lists end with a count. */
const maxListed = 20;

const kinds = gapKindSchema.options;

/** One repository in full, or one line for each of several. */
export function formatAnalysis({ repositories, total, gaps }: Analysis): string {
  const [only] = repositories;
  if (!only)
    return "There are no repositories yet. Install the App on one, or run: npm run capture -- backfill owner/name";
  const missing = countGaps(total);
  const name = repositories.length === 1 ? ` ${only.repository ?? only.id}` : " owner/name";
  const unknown = repositories.filter(({ inventoried_at }) => inventoried_at === null);
  return [
    ...(repositories.length === 1
      ? [printable(only.repository ?? String(only.id)), ...kinds.map((kind) => formatShare(kind, only))]
      : repositories.map(formatLine)),
    ...(gaps.length > 0 ? ["", ...gaps.slice(0, maxListed).map(formatGap)] : []),
    ...(missing > Math.min(gaps.length, maxListed) && gaps.length > maxListed
      ? [`… ${count(gaps.length - maxListed)} more are in --json`]
      : []),
    "",
    missing === 0
      ? unknown.length === 0
        ? "No gaps: everything on GitHub is captured."
        : "No known gaps."
      : `${plural(missing, "gap")}. Close ${missing === 1 ? "it" : "them"} with: npm run capture -- fix${name}`,
    ...unknown.map(({ repository, id }) => {
      const target = printable(repository ?? String(id));
      return `${target} has no inventory yet, so its coverage is unknown. Take one with: npm run capture -- fix ${target}`;
    }),
  ].join("\n");
}

function formatShare(kind: GapKind, figures: Figures): string {
  const { captured, github, percent } = figures[kind];
  return `  ${toWords(kind).padEnd(13)}  ${drawBar((percent ?? 0) / 100)}  ${formatPercent(percent).padStart(7)}  ${formatCount(captured, github)}`;
}

function formatLine(figures: Analysis["repositories"][number]): string {
  const shares = kinds.map((kind) => `${toWords(kind)} ${formatPercent(figures[kind].percent)}`).join("  ");
  return `${printable(figures.repository ?? String(figures.id)).padEnd(40)}  ${shares}  ${plural(countGaps(figures), "gap")}`;
}

function formatGap(gap: Analysis["gaps"][number]): string {
  const { kind, repository, repository_id, number, stale, captured, github } = gap;
  const target = `${printable(repository ?? String(repository_id))}${number === null ? "" : `#${number}`}`;
  if (kind === "pull_requests" && number !== null) return `  ${target}  not captured`;
  if (kind === "details") return `  ${target}  details are missing, or older than GitHub's last update`;
  if (stale) return `  ${target}  ${toWords(kind)}, have to be read again`;
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
  const { pending, processing, retrying, completed, failed, cancelled } = stats;
  const line = `${pending} pending, ${processing} processing, ${retrying} retrying, ${completed} completed, ${failed} failed, ${cancelled} cancelled`;
  const troubled = failed > 0 ? "failed" : retrying > 0 ? "retrying" : null;
  return troubled ? `${line}. See why with: npm run capture -- jobs --state ${troubled}` : line;
}

/** One line for each job. Below it: why the last attempt failed, and when the next one is due. */
export function formatJobs(jobs: readonly Job[]): string {
  if (jobs.length === 0) return "There are no captures.";
  return jobs
    .map((job) => {
      const target = printable(`${job.repository ?? ""}${job.number === null ? "" : `#${job.number}`}`);
      const progress = job.done === null ? "" : `, ${formatProgress(job)}`;
      const line = `${job.id}  ${job.state.padEnd(10)}  ${job.event_name}  ${target}  ${job.reason}, ${job.priority}, ${job.attempts} attempts, ${job.requests} requests, ${job.rows_written} rows${progress}`;
      const notes = [
        formatLeftBehind(job),
        job.error && `${printable(job.error.message)}${formatNextAttempt(job)}`,
      ].filter(Boolean);
      return [line, ...notes.map((note) => `    ${note}`)].join("\n");
    })
    .join("\n");
}

/** One line for each group. Below it: the newest message, and how to replay it. */
export function formatFailures(failures: readonly FailureGroup[]): string {
  if (failures.length === 0) return "No capture has failed.";
  return failures
    .map(({ key, function: name, error, message, failed, retrying, last_at }) =>
      [
        `${count(failed)} failed, ${count(retrying)} retrying  ${name}  ${printable(error)}, last at ${new Date(last_at).toISOString()}`,
        `    ${printable(message)}`,
        ...(failed > 0 ? [`    Run them again with: npm run capture -- replay --failure ${key}`] : []),
      ].join("\n"),
    )
    .join("\n");
}

function formatNextAttempt({ state, next_attempt_at }: Job): string {
  if (state !== "retrying") return "";
  return next_attempt_at === null
    ? " (The next attempt follows Inngest's backoff.)"
    : ` (The next attempt is due at ${new Date(next_attempt_at).toISOString()}.)`;
}

/** A sync's progress. */
export function formatProgress({ state, done, total }: Job): string {
  if (done === null) return state;
  return total === null ? plural(done, "pull request") : `${count(done)} of ${plural(total, "pull request")}`;
}

/** The pull requests that a sync left to captures of their own; "" if there are none. */
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

/** Removes control characters: text from GitHub must not control the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
