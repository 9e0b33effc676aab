const unitsInMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Parses a duration as Inngest writes it, such as `90s` or `1d2h3m`. An empty text is 0; other texts are null. */
export function toMilliseconds(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.map(([part]) => part).join("") !== text) return null;
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitsInMs[unit] ?? 0), 0);
}
