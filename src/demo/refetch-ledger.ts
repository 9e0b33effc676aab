import type { WebhookDelivery, FakeGitHub, PullRequest } from "../fake-github/index.ts";
import { refetchCost } from "./refetch-cost.ts";
import type { RequestKind } from "../testing/request-kind.ts";

export interface RefetchLedger {
  /** The requests of a handler that fetches the whole pull request at every webhook. */
  counts: Map<RequestKind, number>;
  /** Adds new deliveries, at the current size of their pull requests. */
  add(deliveries: readonly WebhookDelivery[]): void;
}

export function createRefetchLedger({ state }: Pick<FakeGitHub, "state">): RefetchLedger {
  const counts = new Map<RequestKind, number>();

  function pullRequestOf({ payload, repositoryId }: WebhookDelivery): PullRequest | undefined {
    const subject = payload["pull_request"] ?? payload["issue"];
    const number =
      typeof subject === "object" && subject !== null && "number" in subject ? subject.number : null;
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
