import { listAll, type Reader } from "./reading-backfill.ts";

/** Reads each pull request with REST: its details, files, reviews, review comments and issue comments, with all pages. */
export async function readByRest({ client, repository, seen }: Reader): Promise<void> {
  const pullRequests = await listAll((page) =>
    client.request("GET /repos/{owner}/{repo}/pulls", { ...repository, state: "all", ...page }),
  );
  for (const { number } of pullRequests) {
    const pullRequest = { ...repository, pull_number: number };
    await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", pullRequest);
    seen.pullRequest(number);
    const files = await listAll((page) =>
      client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", { ...pullRequest, ...page }),
    );
    for (const { filename } of files) seen.file(number, filename);
    const reviews = await listAll((page) =>
      client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews", { ...pullRequest, ...page }),
    );
    for (const { id } of reviews) seen.review(id);
    const reviewComments = await listAll((page) =>
      client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/comments", { ...pullRequest, ...page }),
    );
    for (const { id } of reviewComments) seen.comment("review", id);
    const comments = await listAll((page) =>
      client.request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        ...repository,
        issue_number: number,
        ...page,
      }),
    );
    for (const { id } of comments) seen.comment("issue", id);
  }
}
