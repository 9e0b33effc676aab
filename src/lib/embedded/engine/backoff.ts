const delaysInSeconds = [10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200];

/** Returns Inngest's delay before the next attempt, in milliseconds, with up to 20 % of jitter. */
export function inngestBackoff(failures: number): number {
  const seconds = delaysInSeconds[Math.min(failures, delaysInSeconds.length) - 1] ?? 0;
  return seconds * 1000 * (1 + Math.random() * 0.2);
}
