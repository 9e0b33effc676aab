import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { FileRow } from "../../src/lib/records/file.ts";
import type { PartialPullRequestRow, PullRequestRow } from "../../src/lib/records/pull-request.ts";
import { mergeComments } from "../../src/lib/store/comments.ts";
import type { CaptureContext } from "../../src/lib/store/context-types.ts";
import { mergePullRequestDetails, replaceFiles } from "../../src/lib/store/pull-requests.ts";
import { mergeReviews } from "../../src/lib/store/reviews.ts";
import type { Store } from "../../src/lib/store/store.ts";
import { installationId, owner } from "./fill-history.ts";
import { countComments, type PlannedPullRequest } from "./planted-gaps.ts";

/** Both are later than the whole history. */
const before = "2028-01-01T00:00:00Z";
const now = "2028-01-01T01:00:00Z";

/** Plants the gaps and decoys of the plan in a history without gaps: newer observations with store calls, missing rows with SQL. */
export async function plantGaps(
  db: SqlDatabase,
  store: Store,
  pullRequests: readonly PlannedPullRequest[],
): Promise<void> {
  for (const planned of pullRequests) {
    if (planned.plant) await plantIn(db, store, planned);
  }
  await db.exec(
    `update github.pull_requests set files_head_sha = null, files_base_ref = null
     where repository_id in (select id from github.repositories where removed_at is not null)`,
  );
}

async function plantIn(db: SqlDatabase, store: Store, planned: PlannedPullRequest): Promise<void> {
  const { plant, repository, number } = planned;
  const key = [repository.id, number];
  const id = (repository.id - 1000) * 100_000 + number;
  const current = () => readPullRequest(db, planned);
  const observeWithReview = (partial: PartialPullRequestRow) =>
    mergeReviews(store, inPayload(planned, partial.updated_at), {
      number,
      pull_request: partial,
      reviews: [toReview(id * 100 + 50, partial.updated_at)],
      finished: true,
    });
  const observeWithComment = (partial: PartialPullRequestRow) =>
    mergeComments(store, inPayload(planned, partial.updated_at), {
      number,
      pull_request: partial,
      comments: [toComment(id * 100 + 50, partial.updated_at)],
      finished: true,
    });
  const change = async (columns: Partial<PullRequestRow>) => {
    const row = { ...(await current()), ...countComments(planned), updated_at: now, ...columns };
    await mergePullRequestDetails(store, inPayload(planned, row.updated_at), row);
    return row;
  };
  const listFiles = ({ head_sha, base_ref }: PullRequestRow) =>
    replaceFiles(store, { ...inPayload(planned, now), fetched_at: now }, number, {
      head_sha: head_sha ?? "",
      base_ref: base_ref ?? "",
      files: Array.from({ length: planned.files }, (_, index) => toFile(index + 1)),
      truncated: false,
    });
  const remove = {
    file: () =>
      db.query(
        "delete from github.pull_request_files where repository_id = $1 and pull_request_number = $2 and filename = $3",
        [...key, toFile(1).filename],
      ),
    review: () => db.query("delete from github.reviews where id = $1", [id * 100 + 1]),
    comment: (kind: "issue" | "review") =>
      db.query("delete from github.comments where kind = $1 and id = $2", [kind, id * 100 + 1]),
  };

  switch (plant) {
    case "a stub":
      await observeWithReview(toStub(planned));
      break;
    case "a newer title observed":
      await observeWithReview({ ...(await current()), title: "Another", updated_at: now });
      break;
    case "a newer head observed":
      await observeWithReview({ ...(await current()), head_sha: "f".repeat(40), updated_at: now });
      break;
    case "newer labels observed": {
      const row = toIssueColumns(await current());
      await observeWithComment({ ...row, labels: [...(row.labels ?? []), "urgent"], updated_at: now });
      break;
    }
    case "closed or reopened later": {
      const row = toIssueColumns(await current());
      const isOpen = row.state === "open";
      await observeWithComment({
        ...row,
        state: isOpen ? "closed" : "open",
        closed_at: isOpen ? now : null,
        updated_at: now,
      });
      break;
    }
    case "no file list":
      await db.query(
        "update github.pull_requests set files_head_sha = null, files_base_ref = null where repository_id = $1 and number = $2",
        key,
      );
      await db.query(
        "delete from github.pull_request_files where repository_id = $1 and pull_request_number = $2",
        key,
      );
      break;
    case "files of an older head":
      await change({ head_sha: "f".repeat(40) });
      break;
    case "files of an older base":
      await change({ base_ref: "release" });
      break;
    case "a missing file":
      await remove.file();
      break;
    case "a missing review before a later one":
      await remove.review();
      break;
    case "a missing issue comment before a later one":
      await remove.comment("issue");
      break;
    case "a missing review comment before a later one":
      await remove.comment("review");
      break;
    case "one more issue comment counted":
      await change({ comments: countComments(planned).comments + 1 });
      break;
    case "one more review comment counted":
      await change({ review_comments: countComments(planned).review_comments + 1 });
      break;
    case "one missing row of each kind":
      await remove.file();
      await remove.review();
      await remove.comment("issue");
      await remove.comment("review");
      break;
    case "a later review with the same details":
      await observeWithReview({ ...(await current()), updated_at: now });
      break;
    case "a late review with an older title": {
      const row = await current();
      await observeWithReview({ ...row, title: "Another", updated_at: row.created_at });
      break;
    }
    case "a newer title observed, then captured":
      await observeWithReview({ ...(await current()), title: "Another", updated_at: now });
      await change({ title: "Another", updated_at: before });
      break;
    case "files of an older head, then of the new one":
      await listFiles(await change({ head_sha: "f".repeat(40) }));
      break;
    case "a file that GitHub counts but does not list":
      await listFiles(await change({ changed_files: planned.files + 1 }));
      break;
    case "never captured":
    case "never captured and never counted":
    case "more files than GitHub lists":
    case null:
      break; // `fillHistory` has planted it
  }
}

async function readPullRequest(
  db: SqlDatabase,
  { repository, number }: PlannedPullRequest,
): Promise<PullRequestRow> {
  const [found] = await db.query<{ row: PullRequestRow }>(
    `select to_jsonb(shown) as row
     from (
       select
         number, id, title, body, state, draft, locked, active_lock_reason, author_id, author_association, created_at, updated_at,
         closed_at, merged_at, head_ref, head_sha, head_repository_id, base_ref, base_sha, labels, assignees, requested_reviewers,
         requested_teams, milestone_number, milestone_title, auto_merge_method, merged, merged_by_id, merge_commit_sha, additions,
         deletions, changed_files, commits, comments, review_comments
       from github.pull_requests where repository_id = $1 and number = $2
     ) as shown`,
    [repository.id, number],
  );
  if (!found) throw new Error(`Pull request ${number} of ${repository.name} was not written.`);
  return found.row;
}

/** Returns the columns that an issue comment's payload knows. */
function toIssueColumns(row: PullRequestRow): PartialPullRequestRow {
  const { number, title, body, state, draft, locked, active_lock_reason, author_id, author_association } =
    row;
  const { created_at, updated_at, closed_at, merged_at, labels, assignees } = row;
  return {
    number,
    title,
    body,
    state,
    draft,
    locked,
    active_lock_reason,
    author_id,
    author_association,
    created_at,
    updated_at,
    closed_at,
    merged_at,
    labels,
    assignees,
  };
}

function toStub({ number, synced }: PlannedPullRequest): PartialPullRequestRow {
  return {
    number,
    title: `Title of ${number}`,
    body: null,
    state: "open",
    draft: false,
    locked: false,
    active_lock_reason: null,
    author_id: 1,
    author_association: "MEMBER",
    created_at: synced ? "2026-01-01T00:00:00Z" : before, // counted by GitHub, or opened later
    updated_at: now,
    closed_at: null,
    merged_at: null,
  };
}

function toReview(id: number, at: string) {
  return {
    id,
    author_id: 1,
    author_association: "MEMBER",
    state: "COMMENTED",
    body: null,
    commit_id: null,
    submitted_at: at,
    clock: at,
  };
}

function toComment(id: number, at: string) {
  return {
    kind: "issue" as const,
    id,
    author_id: 1,
    author_association: "MEMBER",
    body: "Some comment text.",
    created_at: at,
    updated_at: at,
  };
}

function toFile(index: number): FileRow {
  return {
    filename: `src/folder/file-${index}.ts`,
    status: "modified",
    additions: 10,
    deletions: 3,
    changes: 13,
    previous_filename: null,
  };
}

let events = 0;

function inPayload({ repository, number }: PlannedPullRequest, observedAt: string): CaptureContext {
  events += 1;
  return {
    repository: { id: repository.id, owner, name: repository.name, seen_at: null },
    installation_id: installationId,
    accounts: [],
    observed_at: observedAt,
    fetched_at: null,
    job: {
      event_id: `event-${events}`,
      event_name: "capture/pr.details",
      run_id: `run-${events}`,
      attempt: 0,
      number,
      reason: "webhook",
      priority: "high",
      requests: 0,
      points: 0,
    },
  };
}
