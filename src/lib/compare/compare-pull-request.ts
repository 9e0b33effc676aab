import type { Comparison } from "../../api/console-contract.ts";
import type { GitHub } from "../github/client.ts";
import { LimitedError } from "../github/errors.ts";
import { limitEndOf, toInngestError } from "../github/to-inngest-error.ts";
import { readRows } from "../store/pull-request-view.ts";
import type { FoundRepository } from "../store/repository-types.ts";
import type { Store } from "../store/store.ts";
import { listDifferences } from "./list-differences.ts";
import { readFromGitHub } from "./read-from-github.ts";

/** GitHub did not show the pull request now. The message says why, and when to try again if that is known. */
export class NotComparedError extends Error {
  override readonly name = "NotComparedError";
  readonly until: Date | null;

  constructor(message: string, until: Date | null) {
    super(message);
    this.until = until;
  }
}

/** Reads a pull request from GitHub, compares it with its rows, and writes nothing. Throws a `NotComparedError`. */
export async function comparePullRequest(
  { store, github }: { store: Store; github: GitHub },
  { id, owner, name, installation_id }: FoundRepository,
  number: number,
): Promise<Comparison> {
  const read = async () => {
    try {
      const client = await github.forInstallation(installation_id);
      return await readFromGitHub(client, { repository: { id, owner, name }, number });
    } catch (error) {
      throw toNotCompared(error);
    }
  };

  let requests = 0;
  let points = 0;
  for (let round = 1; ; round++) {
    const before = await readRows(store, id, number);
    const observed = await read();
    requests += observed?.requests ?? 1;
    points += observed?.points ?? 0;
    const stored = await readRows(store, id, number);
    const differences = listDifferences(stored, observed);
    // A capture that stored something meanwhile may have been ahead of an answer.
    const hasMoved = JSON.stringify(before) !== JSON.stringify(stored);
    if (differences.length > 0 && hasMoved && round === 1) continue;
    return {
      compared_at: new Date(github.now()).toISOString(),
      requests,
      points,
      exists: observed !== null,
      differences,
      problems: observed?.problems ?? [],
    };
  }
}

/** Returns an error that did not come from GitHub unchanged. */
function toNotCompared(error: unknown): unknown {
  const described = toInngestError(error);
  if (described === error || !(described instanceof Error)) return error;
  if (error instanceof LimitedError) return new NotComparedError(described.message, error.until);
  const until = limitEndOf(error);
  const again = until ? ` Try again after ${until.toISOString()}.` : "";
  return new NotComparedError(`${described.message}${again}`, until);
}
