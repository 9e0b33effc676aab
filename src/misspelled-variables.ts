import { variableNames, type Environment } from "./config.ts";

export interface MisspelledVariable {
  /** The name as it is set. */
  name: string;
  /** The similar variable that is not set. */
  meant: string;
}

/**
 * Finds variables that are set, unknown, and similar to one of ours that is not set: `DATABSE_URL`. Long names may differ in one of five
 * characters. Short ones (PORT, HOST, APP_ID) may differ only in the order of letters and in underscores, because other programs use similar
 * names.
 */
export function findMisspelledVariables(environment: Environment): MisspelledVariable[] {
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const missing = variableNames.filter((name) => !isSet(name));
  return Object.keys(environment)
    .filter((name) => isSet(name) && !variableNames.includes(name))
    .flatMap((name) => {
      const [best] = missing
        .filter((meant) => Math.abs(name.length - meant.length) <= toleranceOf(meant)) // spares most distances at a function's cold start
        .map((meant) => ({ meant, distance: distanceBetween(name.toUpperCase(), meant) }))
        .filter(({ meant, distance }) => resembles(name.toUpperCase(), meant, distance))
        .toSorted((a, b) => a.distance - b.distance);
      return best ? [{ name, meant: best.meant }] : [];
    });
}

/** Names up to this length are short. */
const maxShortLength = 7;

function resembles(name: string, meant: string, distance: number): boolean {
  if (meant.length <= maxShortLength) return lettersOf(name) === lettersOf(meant);
  return distance <= toleranceOf(meant);
}

function toleranceOf(meant: string): number {
  return Math.max(2, Math.floor(meant.length / 5));
}

function lettersOf(name: string): string {
  return name.replaceAll("_", "").split("").toSorted().join("");
}

/** The Damerau-Levenshtein distance: insertions, deletions, replacements, and swaps of neighbors. */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? a.length;
}
