import type { RepositoryOverview } from "../../../api/console-contract.ts";
import type { Figures, GapKind } from "../../../api/contract.ts";
import { hrefOf } from "../../router.ts";

/** What is captured, in the order of the columns. */
export const kinds = [
  { kind: "pull_requests", name: "Pull requests" },
  { kind: "details", name: "Details" },
  { kind: "files", name: "Files" },
  { kind: "reviews", name: "Reviews" },
  { kind: "comments", name: "Comments" },
] as const satisfies { kind: GapKind; name: string }[];

export function sumGaps({ gaps }: Pick<Figures, "gaps">): number {
  return kinds.reduce((sum, { kind }) => sum + gaps[kind], 0);
}

/** Returns the repository's name, or its id while its new name is unknown. */
export function repositoryName({ id, repository }: Pick<RepositoryOverview, "id" | "repository">): string {
  return repository ?? String(id);
}

export function hrefOfRepository(repository: Pick<RepositoryOverview, "id" | "repository">): string {
  return hrefOf(["repositories", ...repositoryName(repository).split("/")]);
}

/** Coverage is counted over all rows, so it is read less often than jobs. */
export const refreshMs = 3_000;
