import { z } from "zod";
import { GoneError } from "./errors.ts";
import type { GitHubClient } from "./github-client.ts";
import { parseAnswer } from "./parse-answer.ts";

const identified = z.object({ id: z.int() });

/**
 * Throws a `GoneError` when another repository has taken the name. REST's lists of reviews and comments do not show which repository they are
 * of, so they are read only after this. Costs one request.
 */
export async function confirmName(
  client: GitHubClient,
  { id, owner, name }: { id: number; owner: string; name: string },
): Promise<void> {
  const { data } = await client.request("GET /repos/{owner}/{repo}", { owner, repo: name });
  refuseAnother({ id, owner, name }, parseAnswer(identified, data, "repository").id);
}

/** Throws a `GoneError` when `shown` is the id of another repository. */
export function refuseAnother(
  { id, owner, name }: { id: number; owner: string; name: string },
  shown: number | undefined,
): void {
  if (shown !== id)
    throw new GoneError(`${owner}/${name} is now another repository, with the id ${shown ?? "unknown"}.`);
}
