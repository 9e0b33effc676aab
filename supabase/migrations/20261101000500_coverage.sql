-- Coverage: GitHub's numbers beside the captured ones, in one narrow row for each pull request.
--
-- A row exists for every pull request that an inventory listed or that is captured. Triggers update it with every write, so an analysis of
-- 100,000 pull requests reads 100,000 rows and counts nothing. A gap is a difference in either direction:
--
--   pull_requests  an inventory listed the pull request, and it is not captured
--   details        never captured (a stub), contradicted by a newer payload of a review or comment, or older than an inventory shows
--   files          fewer rows for the current head and base than changed_files, of which GitHub lists 3,000
--   reviews        fewer or more than GitHub counts, or not read since an update without a webhook
--   comments       the same, for issue comments and review comments
--
-- GitHub's count is of a moment. A row that was created later is not part of it; a row that was deleted later still is. So two numbers are
-- compared with it: `…_counted` counts the rows that can be part of the count, including those of the same second, and `…_before` counts the
-- rows that must be part of it, because they exist and are older than that second.

create table capture.coverage (
  -- The columns that every analysis reads come first and are never null.
  repository_id bigint not null references github.repositories on delete cascade,
  number integer not null,
  files_captured integer not null generated always as (case when files_current then files else 0 end) stored,
  reviews integer not null default 0,
  issue_comments integer not null default 0,
  review_comments integer not null default 0,
  files_missing integer not null generated always as (
    greatest(files_on_github - case when files_current then files + files_unlisted else 0 end, 0)
  ) stored,
  reviews_missing integer not null generated always as (
    greatest(coalesce(reviews_on_github, 0) - reviews_counted, 0)
  ) stored,
  comments_missing integer not null generated always as (
    greatest(coalesce(issue_comments_on_github, 0) - issue_comments_counted, 0)
      + greatest(coalesce(review_comments_on_github, 0) - review_comments_counted, 0)
  ) stored,
  reviews_excess integer not null generated always as (
    greatest(reviews_before - coalesce(reviews_on_github, reviews_before), 0)
  ) stored,
  comments_excess integer not null generated always as (
    greatest(issue_comments_before - coalesce(issue_comments_on_github, issue_comments_before), 0)
      + greatest(review_comments_before - coalesce(review_comments_on_github, review_comments_before), 0)
  ) stored,
  captured boolean not null default false,
  known boolean not null default false,
  incomplete boolean not null generated always as (
    not captured or not known or contradiction is not null or stale <> '{}'
      or files_on_github > case when files_current then files + files_unlisted else 0 end
      or coalesce(reviews_on_github > reviews_counted or reviews_before > reviews_on_github, false)
      or coalesce(issue_comments_on_github > issue_comments_counted or issue_comments_before > issue_comments_on_github, false)
      or coalesce(review_comments_on_github > review_comments_counted or review_comments_before > review_comments_on_github, false)
  ) stored,
  outdated boolean not null generated always as (
    captured and coalesce(read_updated_at < github_updated_at or read_at - github_updated_at < interval '1 second', true)
  ) stored,
  stale text[] not null default '{}',
  files_current boolean not null default false,
  files integer not null default 0,
  files_on_github integer not null default 0,
  files_unlisted integer not null default 0,
  reviews_counted integer not null default 0,
  issue_comments_counted integer not null default 0,
  review_comments_counted integer not null default 0,
  reviews_before integer not null default 0,
  issue_comments_before integer not null default 0,
  review_comments_before integer not null default 0,
  created_at timestamptz,
  reviews_on_github integer,
  reviews_counted_at timestamptz,
  issue_comments_on_github integer,
  issue_comments_counted_at timestamptz,
  review_comments_on_github integer,
  review_comments_counted_at timestamptz,
  contradiction jsonb,
  contradicted_at timestamptz,
  -- the inventory
  node_id text,
  github_updated_at timestamptz,
  inventoried_at timestamptz,
  reviews_inventoried integer,
  issue_comments_inventoried integer,
  review_comments_inventoried integer,
  reviews_unlisted integer not null default 0,
  issue_comments_unlisted integer not null default 0,
  review_comments_unlisted integer not null default 0,
  -- syncs
  read_by text,
  read_at timestamptz,
  read_updated_at timestamptz,
  skipped_by text,
  skipped_at timestamptz,
  times_skipped integer not null default 0,
  stale_at timestamptz,
  primary key (repository_id, number)
) with (fillfactor = 70);
create index coverage_incomplete_idx on capture.coverage (repository_id, number) where incomplete;
create index coverage_outdated_idx on capture.coverage (repository_id, number) where outdated;
-- No other complete index may begin with repository_id: in an empty database Postgres could prefer it to the primary key, and cached plans would
-- then read all rows of the repository for each update of one row.
alter table capture.coverage enable row level security;
comment on table capture.coverage is 'GitHub''s numbers beside the captured ones, for each pull request. Updated by triggers and inventories.';
comment on column capture.coverage.captured is 'True when github.pull_requests has a row.';
comment on column capture.coverage.known is 'True when the details were ever captured.';
comment on column capture.coverage.incomplete is 'True when the pull request has a gap: it is not captured, or a part is missing, in excess or stale. It repeats the conditions of the columns …_missing and …_excess, because generated columns cannot refer to each other.';
comment on column capture.coverage.outdated is 'True when no sync has read the pull request, or an inventory showed an update since. A read in the second of the last update can have missed another update of that second.';
comment on column capture.coverage.stale is 'Parts to read again (details, reviews, issue_comments, review_comments), after an update without a webhook or because a sync could not read them.';
comment on column capture.coverage.stale_at is 'When the newest part became stale. A read that began later ends it.';
comment on column capture.coverage.contradiction is 'Details from the payload of a review or comment at contradicted_at that differ from older captured details. Null: none differ.';
comment on column capture.coverage.files_current is 'True when the captured files belong to the current head and base.';
comment on column capture.coverage.files_on_github is 'How many files GitHub lists: changed_files, at most 3,000. 0 for a stub.';
comment on column capture.coverage.files_unlisted is 'How many of them GitHub did not list for the current head and base in two attempts.';
comment on column capture.coverage.reviews_counted is 'Number of rows that can be part of GitHub''s count at reviews_counted_at.';
comment on column capture.coverage.reviews_before is 'Number of rows that must be part of GitHub''s count at reviews_counted_at. If GitHub counted fewer, some were deleted.';
comment on column capture.coverage.github_updated_at is 'The newest updated_at of all inventories.';
comment on column capture.coverage.inventoried_at is 'When an inventory last listed the pull request: the `date` of GitHub''s answer.';
comment on column capture.coverage.reviews_inventoried is 'GitHub''s count in the last inventory. GraphQL counts review comments only together with issue comments; review_comments_inventoried is the difference.';
comment on column capture.coverage.reviews_unlisted is 'How many of them a complete listing lacked. They do not count as a gap: GitHub''s count includes items that it does not list.';
comment on column capture.coverage.read_by is 'The sync (the event id of its job) that last read the whole pull request, at read_at.';
comment on column capture.coverage.read_updated_at is 'updated_at of the pull request at read_at.';
comment on column capture.coverage.skipped_by is 'The sync that last skipped the pull request, at skipped_at, because it could not read it.';
comment on column capture.coverage.times_skipped is 'How often syncs have skipped the pull request since it was last read.';

-- Reviews and comments in the form in which coverage counts them. Deletions of reviews are always inferred: GitHub has no webhook for them.
create view capture.list_items with (security_invoker = true) as
select
  r.repository_id, r.pull_request_number, 'reviews' as list, r.id, r.submitted_at as created_at, r.clock as updated_at, r.listed_at, r.deleted_at,
  true as deletion_inferred
from github.reviews r
union all
select
  c.repository_id, c.pull_request_number, case c.kind when 'issue' then 'issue_comments' else 'review_comments' end, c.id, c.created_at,
  c.updated_at, c.listed_at, c.deleted_at, c.deletion_inferred
from github.comments c;
comment on view capture.list_items is 'The items of three lists: reviews, issue_comments and review_comments.';

-- Counts items of one pull request: all that exist, and those that can be (…_counted) and must be (…_before) part of GitHub's counts. It is
-- written in PL/pgSQL, like set_counts and recount, because that caches plans and these functions run for each new row.
--
-- GitHub's count includes an item of the same second. An inferred deletion dates from the beginning of the listing that lacked the item, so
-- that listing's count does not include it.
create function capture.count_items(
  items capture.list_items[], coverage capture.coverage,
  out reviews integer, out reviews_counted integer, out reviews_before integer,
  out issue_comments integer, out issue_comments_counted integer, out issue_comments_before integer,
  out review_comments integer, out review_comments_counted integer, out review_comments_before integer
)
language plpgsql stable set search_path = '' as $$
begin
  select
    count(*) filter (where i.list = 'reviews' and i.present),
    count(*) filter (where i.list = 'reviews' and i.counted),
    count(*) filter (where i.list = 'reviews' and i.before),
    count(*) filter (where i.list = 'issue_comments' and i.present),
    count(*) filter (where i.list = 'issue_comments' and i.counted),
    count(*) filter (where i.list = 'issue_comments' and i.before),
    count(*) filter (where i.list = 'review_comments' and i.present),
    count(*) filter (where i.list = 'review_comments' and i.counted),
    count(*) filter (where i.list = 'review_comments' and i.before)
  into
    reviews, reviews_counted, reviews_before,
    issue_comments, issue_comments_counted, issue_comments_before,
    review_comments, review_comments_counted, review_comments_before
  from (
    select
      item.list,
      item.deleted_at is null as present,
      (item.created_at <= github.counted_at or item.listed_at >= github.counted_at) and (
        item.deleted_at is null or github.counted_at is null or item.deleted_at > github.counted_at
        or (item.deleted_at = github.counted_at and not item.deletion_inferred)
      ) as counted,
      item.deleted_at is null and item.created_at < date_trunc('second', github.counted_at) as before
    from unnest(items) as item
    cross join lateral (
      select case item.list
        when 'reviews' then coverage.reviews_counted_at
        when 'issue_comments' then coverage.issue_comments_counted_at
        else coverage.review_comments_counted_at
      end as counted_at
    ) as github
  ) as i;
end $$;

-- Sets the counts of one pull request to those of `items`, or adds them when `items` are new rows.
create function capture.set_counts(repo_id bigint, pull_request_number integer, items capture.list_items[], added boolean)
returns void language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set (
    reviews, reviews_counted, reviews_before,
    issue_comments, issue_comments_counted, issue_comments_before,
    review_comments, review_comments_counted, review_comments_before
  ) = (
    select
      n.reviews + c.reviews * kept.factor,
      n.reviews_counted + c.reviews_counted * kept.factor,
      n.reviews_before + c.reviews_before * kept.factor,
      n.issue_comments + c.issue_comments * kept.factor,
      n.issue_comments_counted + c.issue_comments_counted * kept.factor,
      n.issue_comments_before + c.issue_comments_before * kept.factor,
      n.review_comments + c.review_comments * kept.factor,
      n.review_comments_counted + c.review_comments_counted * kept.factor,
      n.review_comments_before + c.review_comments_before * kept.factor
    from capture.count_items(items, c) as n, (select case when added then 1 else 0 end) as kept (factor)
  )
  where c.repository_id = repo_id and c.number = pull_request_number;
end $$;

-- Counts all items of a pull request again.
create function capture.recount(repo_id bigint, pull_request_number integer)
returns void language plpgsql set search_path = '' as $$
begin
  perform capture.set_counts(
    repo_id, pull_request_number,
    array(
      select i from capture.list_items i where i.repository_id = repo_id and i.pull_request_number = recount.pull_request_number
    ),
    false
  );
end $$;

-- Returns the details of a pull request that payloads of reviews and comments contain and whose changes GitHub announces by webhook.
create function capture.announced_details(pull_request jsonb)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(key, case
    when value = 'null' then null
    when key in ('closed_at', 'merged_at') then to_jsonb(extract(epoch from (value #>> '{}')::timestamptz))
    when key = 'body' or jsonb_typeof(value) = 'array' then to_jsonb(md5(value::text)) -- so that @> compares arrays as a whole
    else value
  end), '{}')
  from jsonb_each(pull_request)
  where key in (
    'title', 'body', 'state', 'draft', 'locked', 'head_ref', 'head_sha', 'base_ref', 'labels', 'assignees', 'milestone_number',
    'milestone_title', 'closed_at', 'merged_at'
  )
$$;

-- Records whether a partial observation, newer than all before it, contradicts the captured details: a webhook in between was lost or is late.
-- Full details that are at least as new, or equal, end the contradiction.
create function capture.record_contradiction(pull_request github.pull_requests, partial jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  observed constant jsonb := capture.announced_details(partial);
  contradicts constant boolean := pull_request.details_clock is not null
    and not capture.announced_details(to_jsonb(pull_request)) @> observed;
begin
  update capture.coverage c set
    contradiction = case when contradicts then observed end,
    contradicted_at = case when contradicts then (partial ->> 'updated_at')::timestamptz end
  where c.repository_id = pull_request.repository_id and c.number = pull_request.number
    and (contradicts or c.contradiction is not null);
end $$;

-- Marks parts of pull requests as stale, so that they are read again.
create function capture.mark_stale(repo_id bigint, numbers integer[], parts text[], at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  perform from capture.coverage c where c.repository_id = repo_id and c.number = any (numbers) order by c.number for update;
  update capture.coverage c set
    stale = array(select distinct unnest(c.stale || parts) order by 1),
    stale_at = greatest(c.stale_at, at)
  where c.repository_id = repo_id and c.number = any (numbers);
end $$;

-- Clears a stale part after it was read completely by requests that began at `at`, a time in whole seconds.
create function capture.clear_stale(repo_id bigint, pull_request_number integer, part text, at timestamptz)
returns void language sql set search_path = '' as $$
  update capture.coverage c set
    stale = array_remove(c.stale, part),
    times_skipped = case when array_remove(c.stale, part) = '{}' then 0 else c.times_skipped end
  where c.repository_id = repo_id and c.number = pull_request_number and part = any (c.stale) and at >= date_trunc('second', c.stale_at)
$$;

-- Records GitHub's count of a pull request's list (issue_comments, review_comments or reviews): the newest, or the higher one of the same
-- second. A null count is unknown and changes nothing.
create function capture.record_count(repo_id bigint, pull_request_number integer, list text, total integer, counted_at timestamptz)
returns void language sql set search_path = '' as $$
  update github.pull_requests p set
    comments = case when list = 'issue_comments' then total else p.comments end,
    comments_counted_at = case when list = 'issue_comments' then counted_at else p.comments_counted_at end,
    review_comments = case when list = 'review_comments' then total else p.review_comments end,
    review_comments_counted_at = case when list = 'review_comments' then counted_at else p.review_comments_counted_at end,
    reviews = case when list = 'reviews' then total else p.reviews end,
    reviews_counted_at = case when list = 'reviews' then counted_at else p.reviews_counted_at end
  where p.repository_id = repo_id and p.number = pull_request_number and total is not null
    and case list
      when 'issue_comments' then (coalesce(p.comments_counted_at, '-infinity'), coalesce(p.comments, 0))
      when 'review_comments' then (coalesce(p.review_comments_counted_at, '-infinity'), coalesce(p.review_comments, 0))
      else (coalesce(p.reviews_counted_at, '-infinity'), coalesce(p.reviews, 0))
    end < (counted_at, total)
$$;

-- Records an inventory's counts of a pull request's lists: { reviews, issue_comments, review_comments }. Items that a complete listing lacked
-- are subtracted.
create function capture.record_inventory_counts(repo_id bigint, pull_request_number integer, counts jsonb, counted_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  c capture.coverage;
begin
  update capture.coverage v set
    reviews_inventoried = coalesce((counts ->> 'reviews')::integer, v.reviews_inventoried),
    issue_comments_inventoried = coalesce((counts ->> 'issue_comments')::integer, v.issue_comments_inventoried),
    review_comments_inventoried = coalesce((counts ->> 'review_comments')::integer, v.review_comments_inventoried)
  where v.repository_id = repo_id and v.number = pull_request_number
  returning * into c;
  -- A count that equals the rows and the count before it is not written.
  perform capture.record_count(repo_id, pull_request_number, l.list, l.total, counted_at)
  from (values
    ('reviews', (counts ->> 'reviews')::integer - c.reviews_unlisted, c.reviews, c.reviews_on_github),
    ('issue_comments', (counts ->> 'issue_comments')::integer - c.issue_comments_unlisted, c.issue_comments, c.issue_comments_on_github),
    ('review_comments', (counts ->> 'review_comments')::integer - c.review_comments_unlisted, c.review_comments, c.review_comments_on_github)
  ) as l (list, total, captured, on_github)
  where l.total <> l.captured or l.on_github is distinct from l.captured;
end $$;

-- Records how many items GitHub counts but does not list, after a complete listing of `listed` items.
create function capture.record_unlisted_items(repo_id bigint, pull_request_number integer, list text, listed integer)
returns void language sql set search_path = '' as $$
  update capture.coverage c set
    reviews_unlisted = case when list = 'reviews' then coalesce(c.reviews_inventoried - listed, 0) else c.reviews_unlisted end,
    issue_comments_unlisted = case
      when list = 'issue_comments' then coalesce(c.issue_comments_inventoried - listed, 0) else c.issue_comments_unlisted end,
    review_comments_unlisted = case
      when list = 'review_comments' then coalesce(c.review_comments_inventoried - listed, 0) else c.review_comments_unlisted end
  where c.repository_id = repo_id and c.number = pull_request_number
$$;

-- Triggers of github.pull_requests

create function capture.cover_new_pull_requests()
returns trigger language plpgsql set search_path = '' as $$
begin
  insert into capture.coverage as c (
    repository_id, number, created_at, captured, known, files_on_github, files_current, reviews_on_github, reviews_counted_at,
    issue_comments_on_github, issue_comments_counted_at, review_comments_on_github, review_comments_counted_at
  )
  select
    p.repository_id, p.number, p.created_at, true, p.details_clock is not null, least(coalesce(p.changed_files, 0), 3000),
    coalesce(p.files_head_sha = p.head_sha and p.files_base_ref = p.base_ref, false), p.reviews, p.reviews_counted_at, p.comments,
    p.comments_counted_at, p.review_comments, p.review_comments_counted_at
  from changed p
  on conflict (repository_id, number) do update set
    created_at = coalesce(excluded.created_at, c.created_at),
    captured = true,
    known = excluded.known,
    files_on_github = excluded.files_on_github,
    files_current = excluded.files_current,
    reviews_on_github = excluded.reviews_on_github,
    reviews_counted_at = excluded.reviews_counted_at,
    issue_comments_on_github = excluded.issue_comments_on_github,
    issue_comments_counted_at = excluded.issue_comments_counted_at,
    review_comments_on_github = excluded.review_comments_on_github,
    review_comments_counted_at = excluded.review_comments_counted_at;
  return null;
end $$;

create function capture.cover_changed_pull_request()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set
    created_at = coalesce(new.created_at, c.created_at),
    known = new.details_clock is not null,
    contradiction = case
      when c.contradiction is not null and new.details_clock < c.contradicted_at
        and not capture.announced_details(to_jsonb(new)) @> c.contradiction
      then c.contradiction
    end,
    files_on_github = least(coalesce(new.changed_files, 0), 3000),
    files_current = coalesce(new.files_head_sha = new.head_sha and new.files_base_ref = new.base_ref, false),
    reviews_on_github = new.reviews,
    reviews_counted_at = new.reviews_counted_at,
    issue_comments_on_github = new.comments,
    issue_comments_counted_at = new.comments_counted_at,
    review_comments_on_github = new.review_comments,
    review_comments_counted_at = new.review_comments_counted_at
  where c.repository_id = new.repository_id and c.number = new.number;
  if (new.reviews_counted_at, new.comments_counted_at, new.review_comments_counted_at)
    is distinct from (old.reviews_counted_at, old.comments_counted_at, old.review_comments_counted_at)
  then
    perform capture.recount(new.repository_id, new.number);
  end if;
  return null;
end $$;

create function capture.cover_deleted_pull_requests()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set
    captured = false, known = false, stale = '{}', contradiction = null, files_on_github = 0, files_current = false, reviews_on_github = null,
    reviews_counted_at = null, issue_comments_on_github = null, issue_comments_counted_at = null, review_comments_on_github = null,
    review_comments_counted_at = null, read_by = null, read_at = null, read_updated_at = null
  from changed d where c.repository_id = d.repository_id and c.number = d.number;
  return null;
end $$;

create trigger cover_new after insert on github.pull_requests
  referencing new table as changed for each statement execute function capture.cover_new_pull_requests();
create trigger cover_changed after update on github.pull_requests
  for each row
  when (
    (
      old.created_at, old.details_clock, old.changed_files, old.files_head_sha, old.files_base_ref, old.head_sha,
      old.base_ref, old.reviews, old.reviews_counted_at, old.comments, old.comments_counted_at, old.review_comments,
      old.review_comments_counted_at
    ) is distinct from (
      new.created_at, new.details_clock, new.changed_files, new.files_head_sha, new.files_base_ref, new.head_sha,
      new.base_ref, new.reviews, new.reviews_counted_at, new.comments, new.comments_counted_at, new.review_comments,
      new.review_comments_counted_at
    )
  )
  execute function capture.cover_changed_pull_request();
create trigger cover_deleted after delete on github.pull_requests
  referencing old table as changed for each statement execute function capture.cover_deleted_pull_requests();

-- Triggers of github.pull_request_files

create function capture.cover_files()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set files = c.files + case tg_op when 'INSERT' then f.total else -f.total end
  from (select repository_id, pull_request_number, count(*) as total from changed group by 1, 2) as f
  where c.repository_id = f.repository_id and c.number = f.pull_request_number;
  return null;
end $$;

create trigger cover_new after insert on github.pull_request_files
  referencing new table as changed for each statement execute function capture.cover_files();
create trigger cover_deleted after delete on github.pull_request_files
  referencing old table as changed for each statement execute function capture.cover_files();

-- True when the current head's and base's files are captured but some rows are missing.
create function capture.lacks_files(repo_id bigint, pull_request_number integer)
returns boolean language sql stable set search_path = '' as $$
  select coalesce(
    (select c.files_current and c.files_missing > 0 from capture.coverage c
     where c.repository_id = repo_id and c.number = pull_request_number),
    false
  )
$$;

-- Records how many files GitHub counts but does not list, after a complete list of the current head and base was stored. A first list can come
-- too early after a push; a second one of the same head (`again`) is final.
create function capture.record_unlisted_files(repo_id bigint, pull_request_number integer, again boolean)
returns void language sql set search_path = '' as $$
  update capture.coverage c set files_unlisted = case when again then greatest(c.files_on_github - c.files, 0) else 0 end
  where c.repository_id = repo_id and c.number = pull_request_number
$$;

-- Triggers of github.reviews and github.comments. A new row is added to the counts, so that each new comment of a long pull request does not count
-- all its comments again. The triggers run for each row: captures insert single rows, for which a transition table costs more than it saves.

create function capture.cover_new_review()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.set_counts(
    new.repository_id, new.pull_request_number,
    array[row(
      new.repository_id, new.pull_request_number, 'reviews', new.id, new.submitted_at, new.clock, new.listed_at, new.deleted_at, true
    )::capture.list_items],
    true
  );
  return null;
end $$;

create function capture.cover_new_comment()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.set_counts(
    new.repository_id, new.pull_request_number,
    array[row(
      new.repository_id, new.pull_request_number, case new.kind when 'issue' then 'issue_comments' else 'review_comments' end, new.id,
      new.created_at, new.updated_at, new.listed_at, new.deleted_at, new.deletion_inferred
    )::capture.list_items],
    true
  );
  return null;
end $$;

create function capture.cover_deleted_items()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.recount(d.repository_id, d.pull_request_number)
  from (select distinct repository_id, pull_request_number from changed order by 1, 2) as d;
  return null;
end $$;

-- A listing that contains a row for the first time changes the counts only if the row is newer than GitHub's count.
create function capture.cover_changed_review()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.recount(c.repository_id, c.number) from capture.coverage c
  where c.repository_id = new.repository_id and c.number = new.pull_request_number
    and ((old.deleted_at, old.submitted_at) is distinct from (new.deleted_at, new.submitted_at) or new.submitted_at > c.reviews_counted_at);
  return null;
end $$;

create function capture.cover_changed_comment()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.recount(c.repository_id, c.number) from capture.coverage c
  where c.repository_id = new.repository_id and c.number = new.pull_request_number
    and (
      (old.deleted_at, old.created_at) is distinct from (new.deleted_at, new.created_at)
      or new.created_at > case new.kind when 'issue' then c.issue_comments_counted_at else c.review_comments_counted_at end
    );
  return null;
end $$;

create trigger cover_new after insert on github.reviews
  for each row execute function capture.cover_new_review();
create trigger cover_changed after update on github.reviews
  for each row
  when ((old.deleted_at, old.submitted_at, old.listed_at) is distinct from (new.deleted_at, new.submitted_at, new.listed_at))
  execute function capture.cover_changed_review();
create trigger cover_deleted after delete on github.reviews
  referencing old table as changed for each statement execute function capture.cover_deleted_items();

create trigger cover_new after insert on github.comments
  for each row execute function capture.cover_new_comment();
create trigger cover_changed after update on github.comments
  for each row
  when ((old.deleted_at, old.created_at, old.listed_at) is distinct from (new.deleted_at, new.created_at, new.listed_at))
  execute function capture.cover_changed_comment();
create trigger cover_deleted after delete on github.comments
  referencing old table as changed for each statement execute function capture.cover_deleted_items();

select capture.restrict_access();
