/** Numbers and times as the reader's language writes them. */
import { signal } from "@preact/signals";

const whole = new Intl.NumberFormat();
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** The current time, updated every few seconds to keep ages such as "3 min. ago" correct. */
export const clock = signal(Date.now());
setInterval(() => {
  clock.value = Date.now();
}, 5_000);

/** Formats a number with grouped digits. */
export function formatNumber(value: number): string {
  return whole.format(value);
}

/** Formats a percentage. It is 100% only when nothing is missing. Null is unknown. */
export function formatPercent(percent: number | null): string {
  if (percent === null) return "unknown";
  return `${percent < 100 ? Math.min(percent, 99.9).toFixed(percent < 99 ? 0 : 1) : 100}%`;
}

/** Formats a duration: 850 ms, 4.2 s, 3 min, 2 h. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

const units = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** Formats an age: "3 min. ago", "in 5 hr.". */
export function formatAge(at: string | number, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1_000;
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

/** Formats a time in the reader's zone. */
export function formatLocal(at: string): string {
  return local.format(new Date(at));
}

/** Formats a time in UTC: 2026-11-27 08:05:12 UTC. */
export function formatUtc(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Formats a count with its noun: "1 gap", "1,200 gaps". */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Formats the time of a chart's point in the reader's zone. */
export function formatMoment(ms: number): string {
  return moment.format(ms);
}
