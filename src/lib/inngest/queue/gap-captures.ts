import type { Gap, GapKind, Priority } from "../../../api/contract.ts";
import type { FoundRepository } from "../../store/repository-types.ts";
import { pullRequestComments, pullRequestDetails, pullRequestReviews, repositorySync } from "../events.ts";
import type { Capture } from "./queue-captures.ts";

/** If more pull requests of a repository are missing, one sync reads them in batches, instead of three captures each. */
const maxMissingAlone = 10;

/** The captures that close a repository's gaps. `kinds` limits them to gaps of these kinds. */
export function toGapCaptures(
  repository: FoundRepository,
  gaps: readonly Gap[],
  { kinds, priority }: { kinds: readonly GapKind[] | undefined; priority: Priority },
): Capture[] {
  const missing = gaps.filter(({ kind }) => kind === "pull_requests");
  const needsInventory = missing.some(({ number }) => number === null);
  const needsSync = needsInventory || missing.length > maxMissingAlone;
  const target = { repository, reason: "gap", priority } as const;
  const captures = new Map<string, Capture>();
  if (needsSync) {
    const sync = { scope: "gaps" as const, ...(needsInventory && { inventory: true }) };
    captures.set("sync", { ...target, type: repositorySync, number: null, sync });
  }
  for (const gap of gaps) {
    if (needsSync && gap.kind === "pull_requests") continue;
    for (const type of toCaptureTypes(gap, kinds))
      captures.set(`${type.name} ${gap.number}`, { ...target, type, number: gap.number });
  }
  return [...captures.values()];
}

/** The captures that close one gap. The reviews and comments of a missing pull request, or of a stub, are unknown. */
function toCaptureTypes({ kind, stub }: Gap, kinds: readonly GapKind[] | undefined): { name: string }[] {
  const wants = (list: GapKind) => kinds?.includes(list) ?? true;
  switch (kind) {
    case "pull_requests":
      return [pullRequestDetails, pullRequestReviews, pullRequestComments];
    case "details":
      return [
        pullRequestDetails,
        ...(stub && wants("reviews") ? [pullRequestReviews] : []),
        ...(stub && wants("comments") ? [pullRequestComments] : []),
      ];
    case "files":
      return [pullRequestDetails];
    case "reviews":
      return [pullRequestReviews];
    case "comments":
      return [pullRequestComments];
  }
}
