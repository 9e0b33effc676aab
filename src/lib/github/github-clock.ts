/** Estimates GitHub's time. */
export interface GitHubClock {
  /** Milliseconds since 1970 by GitHub's clock. It is the local clock until an answer shows a difference. */
  now(): number;
  /** By how many milliseconds the local clock is behind GitHub's. Negative when it is ahead. */
  behindMs(): number;
  /** Records an answer's `date` header, with the local times of the request and the answer. */
  record(date: string | undefined, sentAt: number, answeredAt: number): void;
}

/** Clocks that NTP synchronizes differ by less than this. */
const toleranceMs = 2_000;

/** Half of the difference at which GitHub refuses an App's token. */
const minWarnedMs = 15_000;

/**
 * Creates a clock that measures the local clock's error by the `date` header of GitHub's answers. It warns when the error nears the limit
 * for App tokens, and again after the error has changed as much.
 */
export function createGitHubClock(
  warn: (skewSeconds: number, message: string) => void = () => {},
  localNow: () => number = () => Date.now(),
): GitHubClock {
  let behindMs = 0;
  let warnedMs = 0;
  return {
    now: () => localNow() + behindMs,
    behindMs: () => behindMs,
    record(date, sentAt, answeredAt) {
      const second = Date.parse(date ?? "");
      if (Number.isNaN(second)) return;
      // GitHub's time was within [second, second + 1 s) at some point between the request and the answer.
      const measured = second + 500 - (sentAt + answeredAt) / 2;
      const uncertainty = 500 + (answeredAt - sentAt) / 2 + toleranceMs;
      if (Math.abs(measured - behindMs) <= uncertainty) return;
      behindMs = Math.abs(measured) <= uncertainty ? 0 : measured;
      if (Math.abs(behindMs - warnedMs) < minWarnedMs) return;
      warnedMs = behindMs;
      const seconds = Math.round(behindMs / 1000);
      if (behindMs !== 0) warn(-seconds, toWarning(seconds));
    },
  };
}

function toWarning(behindSeconds: number): string {
  const direction = behindSeconds > 0 ? "behind" : "ahead of";
  return `The local clock is ${Math.abs(behindSeconds)} s ${direction} GitHub's. App tokens use GitHub's time instead. Synchronize this machine's clock with NTP.`;
}

/**
 * Converts a time in an answer's headers, such as `x-ratelimit-reset`, to the local clock's time. It measures from the answer's `date`,
 * which has GitHub's clock too, when the local clock is wrong.
 */
export function toLocalTime(time: number, headers: Record<string, string | number | undefined>): number {
  const answeredAt = Date.parse(String(headers["date"]));
  const localNow = Date.now();
  const isSkewed = Math.abs(answeredAt - localNow) > minWarnedMs; // false without a date
  return isSkewed ? localNow + time - answeredAt : time;
}
