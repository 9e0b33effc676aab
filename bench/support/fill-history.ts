import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import type { PlannedPullRequest, PlannedRepository } from "./planted-gaps.ts";

export const installationId = 51;
export const owner = "acme";

const chunk = 500;

/**
 * Writes the rows that complete captures leave: each repository's history as its sync reads it, then the pull requests that webhooks announced,
 * with the repositories in turns. Stubs and pull requests that were never captured are left out.
 *
 * A pull request is opened every ten minutes. Its rows and its last change come within its first hour, and rows `later` than GitHub's count
 * come after that. For pull requests from webhooks, the last comment has the same second as the count.
 */
export async function fillHistory(
  db: SqlDatabase,
  repositories: readonly PlannedRepository[],
  pullRequests: readonly PlannedPullRequest[],
): Promise<void> {
  await db.exec(
    `insert into github.accounts (id, login, type, seen_at)
     select id, 'person-' || id, 'User', '2026-01-01T00:00:00Z' from generate_series(1, 500) as id`,
  );
  await db.query(
    `insert into github.installations (id, account_id, repository_selection, created_at, updated_at)
     values ($1, 1, 'all', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')`,
    [installationId],
  );
  await db.query(
    `insert into github.repositories (
       id, owner, name, installation_id, private, archived, default_branch, removed_at, pull_requests, seen_at, updated_at,
       pull_requests_counted_at, synced_at, inventoried_at
     )
     select
       r.id, $2, r.name, $3, true, false, 'main', case when r.state = 'removed' then now() end,
       case when r.state <> 'never' then r.synced end, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z',
       case when r.state <> 'never' then ${syncedAt("r.synced")} end, ${syncedAt("r.synced")}, ${syncedAt("r.synced")}
     from json_to_recordset($1) as r (id bigint, name text, state text, synced integer)`,
    [
      JSON.stringify(repositories.map((each) => ({ ...each, synced: countSynced(each) }))),
      owner,
      installationId,
    ],
  );

  const captured = pullRequests.filter(
    ({ plant }) => plant !== "a stub" && !plant?.startsWith("never captured"),
  );
  const live = captured.filter(({ synced }) => !synced).toSorted((a, b) => a.number - b.number);
  const inOrder = [...captured.filter(({ synced }) => synced), ...live];
  for (let start = 0; start < inOrder.length; start += chunk) {
    const plan = JSON.stringify(inOrder.slice(start, start + chunk).map(toPlanRow));
    for (const statement of statements) await db.query(statement, [plan]);
    // Like autovacuum, so that the triggers' plans fit the size of the tables.
    if (start % (20 * chunk) === 0) await db.exec("analyze");
  }
}

export function countSynced({ size }: PlannedRepository): number {
  return Math.ceil(size * 0.8);
}

/** The ids of all rows of a pull request start with the same digits. */
function toPlanRow(planned: PlannedPullRequest) {
  const { repository, number, synced, files, reviews, comments, reviewComments, deletedSince } = planned;
  return {
    repository_id: repository.id,
    number,
    id: (repository.id - 1000) * 100_000 + number,
    synced_first: countSynced(repository),
    synced,
    files,
    reviews: reviews.counted,
    reviews_gone: reviews.gone,
    reviews_later: reviews.later,
    comments: comments.counted,
    comments_gone: comments.gone,
    comments_later: comments.later,
    review_comments: reviewComments.counted,
    review_comments_gone: reviewComments.gone,
    review_comments_later: reviewComments.later,
    deleted_since: deletedSince,
  };
}

function syncedAt(last: string): string {
  return `timestamptz '2026-01-01T00:00:00Z' + ${last} * interval '10 minutes' + interval '5 hours'`;
}

const plan = `
  with given as (
    select
      *, timestamptz '2026-01-01T00:00:00Z' + number * interval '10 minutes' + case when synced then interval '0' else interval '6 hours' end
        as created_at
    from json_to_recordset($1) as given (
      repository_id bigint, number integer, id bigint, synced_first integer, synced boolean, files integer, reviews integer,
      reviews_gone integer, reviews_later integer, comments integer, comments_gone integer, comments_later integer,
      review_comments integer, review_comments_gone integer, review_comments_later integer, deleted_since boolean
    )
  ), plan as (
    select
      *, created_at + interval '1 hour' as changed_at,
      case when synced then ${syncedAt("synced_first")} else created_at + interval '1 hour' end as counted_at,
      case when synced then ${syncedAt("synced_first")} + interval '1 second' end as listed_at
    from given
  )`;

const statements = [
  `${plan}
  insert into github.pull_requests (
    repository_id, number, id, title, body, state, draft, locked, author_id, author_association, head_ref, head_sha,
    head_repository_id, base_ref, base_sha, labels, requested_reviewers, merged, merged_by_id, merge_commit_sha, additions, deletions,
    changed_files, commits, comments, review_comments, reviews, created_at, updated_at, closed_at, merged_at, files_head_sha,
    files_base_ref, files_truncated, details_clock, details_fetched_at, comments_counted_at, review_comments_counted_at,
    reviews_counted_at
  )
  select
    repository_id, number, id, 'Title of ' || number, repeat('A description text. ', 9), case when number % 9 = 0 then 'open' else 'closed' end,
    false, false, 1 + id % 500, 'MEMBER', 'branch-' || number, md5('head ' || id), repository_id, 'main', md5('base ' || id),
    case number % 4 when 0 then '{}' when 1 then '{bug}' else '{bug,docs}' end::text[], case when number % 3 = 0 then array[1 + number % 500] else '{}' end,
    number % 9 > 1, case when number % 9 > 1 then 1 + number % 500 end, case when number % 9 > 1 then md5('merge ' || id) end,
    10 * files, 3 * files, files, 1 + number % 5, comments, review_comments, case when synced then reviews end, created_at,
    case when reviews_later + comments_later + review_comments_later > 0 then counted_at + interval '1 minute' else changed_at end,
    case when number % 9 > 0 then changed_at end, case when number % 9 > 1 then changed_at end, md5('head ' || id), 'main', files > 3000,
    changed_at, listed_at, counted_at, counted_at, case when synced then counted_at end
  from plan`,
  `${plan}
  insert into github.pull_request_files
  select repository_id, number, 'src/folder/file-' || k || '.ts', 'modified', 10, 3, 13, null
  from plan cross join generate_series(1, least(files, 3000)) as k`,
  `${plan}
  insert into github.reviews (
    id, repository_id, pull_request_number, author_id, author_association, state, body, commit_id, submitted_at, deleted_at, clock,
    fetched_at, listed_at
  )
  select
    id * 100 + k, repository_id, number, 1 + (id + k) % 500, 'MEMBER', case k % 3 when 0 then 'APPROVED' else 'COMMENTED' end,
    'Looks good.', md5('head ' || id), at, case when is_gone then counted_at - interval '1 minute' end,
    at, case when not is_later then listed_at end, case when not is_gone and not is_later then listed_at end
  from plan
  cross join generate_series(1, reviews + reviews_gone + reviews_later) as k
  cross join lateral (select k > reviews + reviews_gone as is_later, k > reviews and k <= reviews + reviews_gone as is_gone) as of_k
  cross join lateral (select case when is_later then counted_at + interval '1 minute' else created_at + k * interval '30 seconds' end as at) as moment`,
  `${plan}
  insert into github.comments (
    kind, id, repository_id, pull_request_number, author_id, author_association, body, created_at, updated_at, pull_request_review_id,
    path, diff_hunk, original_commit_id, original_position, original_line, side, subject_type, deleted_at, fetched_at, listed_at
  )
  select
    kind, id * 100 + k, repository_id, number, 1 + (id + k) % 500, 'MEMBER', repeat('Some comment text. ', 8), at, at,
    case when kind = 'review' then id * 100 + 1 end, case when kind = 'review' then 'src/folder/file-1.ts' end,
    case when kind = 'review' then '@@ -1 +1 @@' end, case when kind = 'review' then md5('head ' || id) end,
    case when kind = 'review' then k end, case when kind = 'review' then k end, case when kind = 'review' then 'RIGHT' end,
    case when kind = 'review' then 'line' end,
    case
      when is_gone then counted_at - interval '1 minute'
      when kind = 'issue' and k = 1 and k <= counted and deleted_since then counted_at + interval '1 hour'
    end,
    case when not is_later then listed_at end, case when not is_gone and not is_later then listed_at end
  from plan
  cross join lateral (values
    ('issue', comments, comments_gone, comments_later), ('review', review_comments, review_comments_gone, review_comments_later)
  ) as of_kind (kind, counted, gone, later)
  cross join generate_series(1, counted + gone + later) as k
  cross join lateral (select k > counted + gone as is_later, k > counted and k <= counted + gone as is_gone) as of_k
  cross join lateral (
    select case
      when is_later then counted_at + interval '1 minute'
      when k = counted and not synced then counted_at
      else created_at + k * interval '20 seconds'
    end as at
  ) as moment`,
];
