import type { Octokit } from "@octokit/core";

/** A client for one step: its token expires within an hour. It never waits or retries, because Inngest does. */
export type GitHubClient = Octokit;
