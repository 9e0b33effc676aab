/**
 * The optional troubles of a storm, in addition to lost, duplicate and late deliveries, failing answers and killed processes.
 *
 * - `poison`: one pull request in each repository fails every GraphQL query that would return it, even after the storm. REST works.
 * - `drop`: the queue accepts and loses one event in a hundred.
 * - `silence`: issue comments and review comments are deleted without a webhook.
 * - `renames`: labels and an organization are renamed.
 * - `skew`: the server's clock is 40 s ahead of GitHub's.
 */
export const troubles = ["poison", "drop", "silence", "renames", "skew"] as const;

export type Trouble = (typeof troubles)[number];

/** The seconds by which the server's clock is ahead of GitHub's. @octokit/auth-app allows for 30 s. */
export const skewSeconds = 40;

/** The share of events that the queue accepts and loses. */
export const droppedShare = 0.01;

/** Returns all troubles except those in a comma-separated list. Throws for an unknown name. */
export function troublesWithout(list: string): ReadonlySet<Trouble> {
  const excluded = new Set<string>(list.split(",").filter(Boolean));
  const unknown = [...excluded].filter((name) => !troubles.some((trouble) => trouble === name));
  if (unknown.length > 0)
    throw new Error(`Unknown trouble: ${unknown.join(", ")}. The troubles are ${troubles.join(", ")}.`);
  return new Set(troubles.filter((trouble) => !excluded.has(trouble)));
}
