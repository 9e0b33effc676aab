import type { Analysis, Figures, GapKind, Job, QueueStats } from "../client/queue-client.ts";
import { drawBar } from "./progress-bar.ts";

/** More gaps than a person reads are told as a number. */
const listedGaps = 20;

const kinds = ["pull_requests", "details", "files", "reviews", "comments"] as const satisfies GapKind[];

export function countGaps({ gaps }: Figures): number {
  return kinds.reduce((sum, kind) => sum + gaps[kind], 0);
}

/** One repository in full; of several a line each. */
export function formatAnalysis({ repositories, total, gaps }: Analysis): string {
  const [only] = repositories;
  if (!only)
    return "There are no repositories yet. Install the App on one, or backfill one with: npm run capture -- backfill owner/name";
  const missing = countGaps(total);
  const name = repositories.length === 1 ? ` ${only.repository ?? only.id}` : " owner/name";
  const uncounted = repositories.filter(({ counted_at }) => counted_at === null);
  return [
    ...(repositories.length === 1
      ? [printable(only.repository ?? String(only.id)), ...kinds.map((kind) => formatShare(kind, only))]
      : repositories.map(formatLine)),
    ...(gaps.length > 0 ? ["", ...gaps.slice(0, listedGaps).map(formatGap)] : []),
    ...(missing > Math.min(gaps.length, listedGaps) && gaps.length > listedGaps
      ? [`… ${count(gaps.length - listedGaps)} more are in --json`]
      : []),
    "",
    missing === 0
      ? "No gaps: all that is known of GitHub is captured."
      : `${plural(missing, "gap")}. Close ${missing === 1 ? "it" : "them"} with: npm run capture -- fix${name}`,
    ...uncounted.map(
      ({ repository, id }) =>
        `How many pull requests GitHub has in ${printable(repository ?? String(id))} is not known. Capture its history with: npm run capture -- backfill ${printable(repository ?? String(id))} --all`,
    ),
  ].join("\n");
}

function formatShare(kind: GapKind, figures: Figures): string {
  const { captured, github, percent } = figures[kind];
  return `  ${toWords(kind).padEnd(13)}  ${drawBar(percent / 100)}  ${`${percent} %`.padStart(7)}  ${count(captured)} of ${count(github)}`;
}

function formatLine(figures: Analysis["repositories"][number]): string {
  const shares = kinds.map((kind) => `${toWords(kind)} ${figures[kind].percent} %`).join("  ");
  return `${printable(figures.repository ?? String(figures.id)).padEnd(40)}  ${shares}  ${plural(countGaps(figures), "gap")}`;
}

function formatGap({
  kind,
  repository,
  repository_id,
  number,
  captured,
  github,
}: Analysis["gaps"][number]): string {
  const target = `${printable(repository ?? String(repository_id))}${number === null ? "" : `#${number}`}`;
  return kind === "details"
    ? `  ${target}  details, never captured or before GitHub's last change`
    : `  ${target}  ${toWords(kind)}, ${count(captured)} of ${count(github)}`;
}

function toWords(kind: GapKind): string {
  return kind.replace("_", " ");
}

export function formatStats(stats: QueueStats): string {
  const { pending, processing, completed, failed, cancelled } = stats;
  const line = `${pending} pending, ${processing} processing, ${completed} completed, ${failed} failed, ${cancelled} cancelled`;
  return failed > 0 ? `${line}. See why with: npm run capture -- jobs --state failed` : line;
}

/** One line each, and why it failed below. */
export function formatJobs(jobs: readonly Job[]): string {
  if (jobs.length === 0) return "There are none.";
  return jobs
    .map((job) => {
      const target = printable(`${job.repository ?? ""}${job.number === null ? "" : `#${job.number}`}`);
      const progress = job.done === null ? "" : `, ${formatProgress(job)}`;
      const line = `${job.id}  ${job.state.padEnd(10)}  ${job.event_name}  ${target}  ${job.reason}, ${job.priority}, ${job.attempts} attempts, ${job.requests} requests, ${job.rows_written} rows${progress}`;
      return job.error ? `${line}\n    ${printable(job.error.message)}` : line;
    })
    .join("\n");
}

/** How far a sync is. */
export function formatProgress({ state, done, total }: Job): string {
  if (done === null) return state;
  return total === null ? plural(done, "pull request") : `${count(done)} of ${plural(total, "pull request")}`;
}

export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Text from outside must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
