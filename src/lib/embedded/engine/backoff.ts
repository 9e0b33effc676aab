const SECONDS = [10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200];

/** How long Inngest waits after that many failed attempts, in milliseconds, with up to a fifth more at random. */
export function inngestBackoff(failures: number): number {
  const seconds = SECONDS[Math.min(failures, SECONDS.length) - 1] ?? 0;
  return seconds * 1000 * (1 + Math.random() * 0.2);
}
