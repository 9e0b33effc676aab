import type { GitHubAccount, GitHubPartialPullRequest, GitHubPullRequest } from "./github-objects.ts";
import type { AccountRow } from "./rows.ts";

/** Each account once. Deleted ones, null, have no row. */
export function toAccounts(accounts: readonly (GitHubAccount | null)[]): AccountRow[] {
  const rows = new Map<number, AccountRow>();
  for (const account of accounts) {
    if (account) rows.set(account.id, { id: account.id, login: account.login, type: account.type });
  }
  return [...rows.values()];
}

/** Everyone a pull request names: its author, who merged it, who is assigned or asked for a review. */
export function accountsOf(
  pullRequest: GitHubPartialPullRequest | GitHubPullRequest,
): (GitHubAccount | null)[] {
  const mergedBy = "merged_by" in pullRequest ? pullRequest.merged_by : null;
  return [pullRequest.user, mergedBy, ...pullRequest.assignees, ...pullRequest.requested_reviewers];
}
