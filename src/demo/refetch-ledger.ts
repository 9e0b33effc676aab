import type { Delivery, GitHub, PullRequest } from "./github/index.ts";
import { refetchCost } from "./refetch-cost.ts";
import type { RequestKind } from "./request-kind.ts";

export interface RefetchLedger {
  /** What a handler would have asked GitHub that fetches the whole pull request at every webhook about one. */
  counts: Map<RequestKind, number>;
  /** Adds deliveries just caused, at the size that their pull requests have now. */
  add(deliveries: readonly Delivery[]): void;
}

export function createRefetchLedger({ state }: Pick<GitHub, "state">): RefetchLedger {
  const counts = new Map<RequestKind, number>();

  function pullRequestOf({ payload, repositoryId }: Delivery): PullRequest | undefined {
    const about = payload["pull_request"] ?? payload["issue"];
    const number = typeof about === "object" && about !== null && "number" in about ? about.number : null;
    return state.repositories.get(repositoryId ?? 0)?.pullRequests.get(Number(number));
  }

  return {
    counts,
    add: (deliveries) => {
      for (const delivery of deliveries) {
        const pullRequest = pullRequestOf(delivery);
        if (!pullRequest) continue;
        for (const [kind, requests] of refetchCost(pullRequest)) {
          counts.set(kind, (counts.get(kind) ?? 0) + requests);
        }
      }
    },
  };
}
