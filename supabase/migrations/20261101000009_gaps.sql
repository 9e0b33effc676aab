-- Gaps: what GitHub is known to have and is not captured.
--
-- A gap is `captured < what GitHub counts`, or `captured before GitHub's last change`; never "there are no rows". Which gaps a pull request
-- has is kept with every write, in one narrow row beside it, so that to analyse 100,000 of them is to add up 100,000 rows.
--
--   details   never captured (a stub), or something GitHub has shown since says otherwise than they do
--   files     fewer rows of the present head and base than changed_files, of which GitHub lists 3,000
--   reviews   fewer than GitHub counted
--   comments  fewer of either kind than GitHub counted
--
-- A count is of a moment. What was written after it is no part of it, and what was deleted after it still is: so rows are held against
-- the count as of that moment. A row of the very second is given the benefit of the doubt; but what a listing lacked, and was buried for as of
-- the moment of its count, is no part of that.

create table capture.coverage (
  -- What every analysis reads stands first, in columns that are never null.
  repository_id bigint not null,
  number integer not null,
  files_captured integer not null generated always as (case when files_current then files else 0 end) stored,
  reviews integer not null default 0,
  comments integer not null default 0,
  files_missing integer not null generated always as (
    greatest(files_on_github - case when files_current then files + files_unlisted else 0 end, 0)
  ) stored,
  reviews_missing integer not null generated always as (
    greatest(coalesce(reviews_on_github, 0) - reviews_counted, 0)
  ) stored,
  comments_missing integer not null generated always as (
    greatest(coalesce(comments_on_github, 0) - comments_counted, 0)
      + greatest(coalesce(review_comments_on_github, 0) - review_comments_counted, 0)
  ) stored,
  known boolean not null default false,
  files_current boolean not null default false,
  files integer not null default 0,
  files_on_github integer not null default 0,
  files_unlisted integer not null default 0,
  reviews_counted integer not null default 0,
  comments_counted integer not null default 0,
  review_comments_counted integer not null default 0,
  created_at timestamptz,
  reviews_on_github integer,
  reviews_counted_at timestamptz,
  comments_on_github integer,
  comments_counted_at timestamptz,
  review_comments_on_github integer,
  review_comments_counted_at timestamptz,
  shown jsonb,
  shown_at timestamptz,
  primary key (repository_id, number),
  foreign key (repository_id, number) references github.pull_requests on delete cascade
) with (fillfactor = 70);
create index on capture.coverage (repository_id, number)
  where not known or shown is not null or files_missing > 0 or reviews_missing > 0 or comments_missing > 0;
create index on capture.coverage (repository_id, created_at);
alter table capture.coverage enable row level security;
comment on table capture.coverage is 'Of each pull request, what is captured beside what GitHub counts. Kept by triggers.';
comment on column capture.coverage.known is 'Whether its details were ever captured.';
comment on column capture.coverage.shown is 'What a review''s or comment''s payload showed of the pull request at shown_at, where the details captured say otherwise and are older. Null: nothing contradicts them.';
comment on column capture.coverage.files_on_github is 'How many GitHub lists: changed_files, 3,000 at most. 0 for a stub.';
comment on column capture.coverage.files_unlisted is 'How many of those GitHub does not list for the present head and base, though asked twice: no gap that asking could close.';
comment on column capture.coverage.files_current is 'Whether the files are those of the present head and base.';
comment on column capture.coverage.reviews_counted is 'How many of the rows are part of GitHub''s count at reviews_counted_at.';
comment on column capture.coverage.comments is 'Rows that are not deleted, of both kinds.';

-- Holds a pull request's rows against GitHub's counts anew.
create function capture.recount(repo_id bigint, pull_request_number integer)
returns void language sql set search_path = '' as $$
  update capture.coverage c set
    (reviews, reviews_counted) = (
      select
        count(*) filter (where r.deleted_at is null),
        count(*) filter (
          where (r.submitted_at <= c.reviews_counted_at or r.listed_at >= c.reviews_counted_at)
            and coalesce(r.deleted_at > c.reviews_counted_at, true)
        )
      from github.reviews r where r.repository_id = repo_id and r.pull_request_number = recount.pull_request_number
    ),
    (comments, comments_counted, review_comments_counted) = (
      select
        count(*) filter (where m.deleted_at is null),
        count(*) filter (
          where m.kind = 'issue' and (m.created_at <= c.comments_counted_at or m.listed_at >= c.comments_counted_at)
            and coalesce((m.deleted_at, not m.deletion_inferred) >= (c.comments_counted_at, true), true)
        ),
        count(*) filter (
          where m.kind = 'review' and (m.created_at <= c.review_comments_counted_at or m.listed_at >= c.review_comments_counted_at)
            and coalesce((m.deleted_at, not m.deletion_inferred) >= (c.review_comments_counted_at, true), true)
        )
      from github.comments m where m.repository_id = repo_id and m.pull_request_number = recount.pull_request_number
    )
  where c.repository_id = repo_id and c.number = recount.pull_request_number
$$;

-- The columns of a pull request that GitHub announces when they change, and that reviews' and comments' payloads show.
create function capture.shown_content(pull_request jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_object_agg(key, case
    when value = 'null' then null
    when key in ('closed_at', 'merged_at') then to_jsonb(extract(epoch from (value #>> '{}')::timestamptz))
    when key = 'body' or jsonb_typeof(value) = 'array' then to_jsonb(md5(value::text)) -- so that containing is to be equal
    else value
  end), '{}')
  from jsonb_each(pull_request)
  where key in (
    'title', 'body', 'state', 'draft', 'locked', 'head_ref', 'head_sha', 'base_ref', 'labels', 'assignees', 'milestone_number',
    'milestone_title', 'closed_at', 'merged_at'
  )
$$;

-- Notes what a partial observation, newer than any before it, shows otherwise than the details captured say: a webhook between the two
-- has been missed, or is late. Full details at least as new, or that say the same, end the doubt.
create function capture.note_shown(pull_request github.pull_requests, partial jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  observed constant jsonb := capture.shown_content(partial);
  contradicts constant boolean := pull_request.details_clock is not null
    and not capture.shown_content(to_jsonb(pull_request)) @> observed;
begin
  update capture.coverage c set
    shown = case when contradicts then observed end,
    shown_at = case when contradicts then (partial ->> 'updated_at')::timestamptz end
  where c.repository_id = pull_request.repository_id and c.number = pull_request.number
    and (contradicts or c.shown is not null);
end $$;

-- Whether rows of the present head's and base's files are missing, though its list was captured.
create function capture.lacks_files(repo_id bigint, pull_request_number integer)
returns boolean language sql stable set search_path = '' as $$
  select coalesce(
    (select c.files_current and c.files_missing > 0 from capture.coverage c
     where c.repository_id = repo_id and c.number = pull_request_number),
    false
  )
$$;

-- Notes, once a complete list of the present head and base is written, how many of its files GitHub counts but does not list. A first list
-- may have come too early after a push; a second one of the same head (`again`) is as long as it will be.
create function capture.note_unlisted(repo_id bigint, pull_request_number integer, again boolean)
returns void language sql set search_path = '' as $$
  update capture.coverage c set files_unlisted = case when again then greatest(c.files_on_github - c.files, 0) else 0 end
  where c.repository_id = repo_id and c.number = pull_request_number
$$;

create function capture.cover_new_pull_requests()
returns trigger language plpgsql set search_path = '' as $$
begin
  insert into capture.coverage (
    repository_id, number, created_at, known, files_on_github, files_current, reviews_on_github, reviews_counted_at, comments_on_github,
    comments_counted_at, review_comments_on_github, review_comments_counted_at
  )
  select
    p.repository_id, p.number, p.created_at, p.details_clock is not null, least(coalesce(p.changed_files, 0), 3000),
    coalesce(p.files_head_sha = p.head_sha and p.files_base_ref = p.base_ref, false), p.reviews, p.reviews_counted_at, p.comments,
    p.comments_counted_at, p.review_comments, p.review_comments_counted_at
  from changed p;
  return null;
end $$;

create function capture.cover_changed_pull_request()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set
    created_at = new.created_at,
    known = new.details_clock is not null,
    shown = case
      when c.shown is not null and new.details_clock < c.shown_at and not capture.shown_content(to_jsonb(new)) @> c.shown then c.shown
    end,
    files_on_github = least(coalesce(new.changed_files, 0), 3000),
    files_current = coalesce(new.files_head_sha = new.head_sha and new.files_base_ref = new.base_ref, false),
    reviews_on_github = new.reviews,
    reviews_counted_at = new.reviews_counted_at,
    comments_on_github = new.comments,
    comments_counted_at = new.comments_counted_at,
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

create function capture.cover_files()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set files = c.files + case tg_op when 'INSERT' then moved.total else -moved.total end
  from (select f.repository_id, f.pull_request_number, count(*) as total from changed f group by 1, 2) as moved
  where c.repository_id = moved.repository_id and c.number = moved.pull_request_number;
  return null;
end $$;

create trigger cover_new after insert on github.pull_request_files
  referencing new table as changed for each statement execute function capture.cover_files();
create trigger cover_deleted after delete on github.pull_request_files
  referencing old table as changed for each statement execute function capture.cover_files();

-- New rows are added to what was counted, so that a long pull request is not counted again with each of its comments.
create function capture.cover_new_reviews()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set reviews = c.reviews + added.present, reviews_counted = c.reviews_counted + added.counted
  from (
    select
      r.repository_id, r.pull_request_number,
      count(*) filter (where r.deleted_at is null) as present,
      count(*) filter (
        where (r.submitted_at <= v.reviews_counted_at or r.listed_at >= v.reviews_counted_at)
          and coalesce(r.deleted_at > v.reviews_counted_at, true)
      ) as counted
    from changed r
    join capture.coverage v on v.repository_id = r.repository_id and v.number = r.pull_request_number
    group by 1, 2
  ) as added
  where c.repository_id = added.repository_id and c.number = added.pull_request_number;
  return null;
end $$;

create function capture.cover_new_comments()
returns trigger language plpgsql set search_path = '' as $$
begin
  update capture.coverage c set
    comments = c.comments + added.present,
    comments_counted = c.comments_counted + added.counted,
    review_comments_counted = c.review_comments_counted + added.review_counted
  from (
    select
      m.repository_id, m.pull_request_number,
      count(*) filter (where m.deleted_at is null) as present,
      count(*) filter (
        where m.kind = 'issue' and (m.created_at <= v.comments_counted_at or m.listed_at >= v.comments_counted_at)
          and coalesce((m.deleted_at, not m.deletion_inferred) >= (v.comments_counted_at, true), true)
      ) as counted,
      count(*) filter (
        where m.kind = 'review' and (m.created_at <= v.review_comments_counted_at or m.listed_at >= v.review_comments_counted_at)
          and coalesce((m.deleted_at, not m.deletion_inferred) >= (v.review_comments_counted_at, true), true)
      ) as review_counted
    from changed m
    join capture.coverage v on v.repository_id = m.repository_id and v.number = m.pull_request_number
    group by 1, 2
  ) as added
  where c.repository_id = added.repository_id and c.number = added.pull_request_number;
  return null;
end $$;

create function capture.cover_deleted()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform capture.recount(gone.repository_id, gone.pull_request_number)
  from (select distinct d.repository_id, d.pull_request_number from changed d order by 1, 2) as gone;
  return null;
end $$;

-- A listing that has a row for the first time matters only where the row is younger than the count.
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
      or new.created_at > case new.kind when 'issue' then c.comments_counted_at else c.review_comments_counted_at end
    );
  return null;
end $$;

create trigger cover_new after insert on github.reviews
  referencing new table as changed for each statement execute function capture.cover_new_reviews();
create trigger cover_deleted after delete on github.reviews
  referencing old table as changed for each statement execute function capture.cover_deleted();
create trigger cover_changed after update on github.reviews
  for each row
  when ((old.deleted_at, old.submitted_at, old.listed_at) is distinct from (new.deleted_at, new.submitted_at, new.listed_at))
  execute function capture.cover_changed_review();

create trigger cover_new after insert on github.comments
  referencing new table as changed for each statement execute function capture.cover_new_comments();
create trigger cover_deleted after delete on github.comments
  referencing old table as changed for each statement execute function capture.cover_deleted();
create trigger cover_changed after update on github.comments
  for each row
  when ((old.deleted_at, old.created_at, old.listed_at) is distinct from (new.deleted_at, new.created_at, new.listed_at))
  execute function capture.cover_changed_comment();

-- captured of github, and the share in percent: rounded down, so that only what is complete has 100.
create function capture.share(captured bigint, missing bigint)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object(
    'captured', captured,
    'github', captured + missing,
    'percent', case when missing = 0 then 100 else floor(1000.0 * captured / (captured + missing)) / 10 end
  )
$$;

-- What is captured of one repository, or of all whose captures go on (null), and what is not.
--
-- Returns { repositories, total, gaps }. Figures { captured, github, percent } of pull_requests, details, files, reviews and comments; `gaps`
-- in them: how many pull requests have a gap of each kind. `gaps` beside them: the gaps themselves, of those kinds, newest pull request
-- first, at most so many; { kind, repository_id, repository, number, stub, captured, github }. Of pull requests that are missing altogether
-- only their count is known: that gap has no number.
create function public.capture_analyze(repository_id bigint, kinds text[], max_gaps integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with wanted as materialized (
    select r.id, r.full_name, r.pull_requests, r.pull_requests_counted_at, r.synced_at from github.repositories r
    where case
      when capture_analyze.repository_id is not null then r.id = capture_analyze.repository_id
      else r.name is not null and capture.stop_reason(r.installation_id, r.id) is null
    end
  ), sums as (
    select
      c.repository_id as id, count(*) as rows, sum(c.files_captured) as files, sum(c.reviews) as reviews, sum(c.comments) as comments
    from capture.coverage c
    where capture_analyze.repository_id is null or c.repository_id = capture_analyze.repository_id
    group by c.repository_id
  ), incomplete as materialized (
    select c.* from capture.coverage c
    where (not c.known or c.shown is not null or c.files_missing > 0 or c.reviews_missing > 0 or c.comments_missing > 0)
      and (capture_analyze.repository_id is null or c.repository_id = capture_analyze.repository_id)
  ), missing as (
    select
      c.repository_id as id,
      count(*) filter (where not c.known or c.shown is not null) as details_gaps,
      sum(c.files_missing) as files_missing,
      count(*) filter (where c.files_missing > 0) as files_gaps,
      sum(c.reviews_missing) as reviews_missing,
      count(*) filter (where c.reviews_missing > 0) as reviews_gaps,
      sum(c.comments_missing) as comments_missing,
      count(*) filter (where c.comments_missing > 0) as comments_gaps
    from incomplete c
    group by c.repository_id
  ), figures as (
    select
      w.id, w.full_name, w.pull_requests_counted_at, w.synced_at,
      coalesce(s.rows, 0) as rows,
      coalesce(s.files, 0) as files,
      coalesce(s.reviews, 0) as reviews,
      coalesce(s.comments, 0) as comments,
      greatest(coalesce(w.pull_requests, 0) - coalesce(s.rows, 0) + opened_later.total, 0) as rows_missing,
      coalesce(m.details_gaps, 0) as details_gaps,
      coalesce(m.files_missing, 0) as files_missing, coalesce(m.files_gaps, 0) as files_gaps,
      coalesce(m.reviews_missing, 0) as reviews_missing, coalesce(m.reviews_gaps, 0) as reviews_gaps,
      coalesce(m.comments_missing, 0) as comments_missing, coalesce(m.comments_gaps, 0) as comments_gaps
    from wanted w
    left join sums s on s.id = w.id
    left join missing m on m.id = w.id
    cross join lateral (
      select count(*) as total from capture.coverage c where c.repository_id = w.id and c.created_at > w.pull_requests_counted_at
    ) as opened_later
  ), described as (
    select
      f.id, f.full_name, f.pull_requests_counted_at, f.synced_at,
      jsonb_build_object(
        'pull_requests', capture.share(f.rows, f.rows_missing),
        'details', capture.share(f.rows - f.details_gaps, f.details_gaps),
        'files', capture.share(f.files, f.files_missing),
        'reviews', capture.share(f.reviews, f.reviews_missing),
        'comments', capture.share(f.comments, f.comments_missing),
        'gaps', jsonb_build_object(
          'pull_requests', f.rows_missing, 'details', f.details_gaps, 'files', f.files_gaps, 'reviews', f.reviews_gaps,
          'comments', f.comments_gaps
        )
      ) as figures
    from figures f
  ), gaps as (
    select 0 as rank, 'pull_requests' as kind, f.id, f.full_name, null::integer as number, false as stub, f.rows as captured, f.rows + f.rows_missing as github
    from figures f where f.rows_missing > 0
    union all
    select k.rank, k.kind, c.repository_id, w.full_name, c.number, not c.known, k.captured, k.captured + k.missing
    from incomplete c
    join wanted w on w.id = c.repository_id
    cross join lateral (values
      (1, 'details', 0, case when not c.known or c.shown is not null then 1 else 0 end),
      (2, 'files', c.files_captured, c.files_missing),
      (3, 'reviews', c.reviews, c.reviews_missing),
      (4, 'comments', c.comments, c.comments_missing)
    ) as k (rank, kind, captured, missing)
    where k.missing > 0
  )
  select jsonb_build_object(
    'repositories', (
      select coalesce(jsonb_agg(
        d.figures || jsonb_build_object(
          'id', d.id, 'repository', d.full_name, 'counted_at', d.pull_requests_counted_at, 'synced_at', d.synced_at
        ) order by d.full_name, d.id
      ), '[]') from described d
    ),
    'total', (
      select jsonb_build_object(
        'pull_requests', capture.share(coalesce(sum(f.rows), 0)::bigint, coalesce(sum(f.rows_missing), 0)::bigint),
        'details', capture.share(coalesce(sum(f.rows - f.details_gaps), 0)::bigint, coalesce(sum(f.details_gaps), 0)::bigint),
        'files', capture.share(coalesce(sum(f.files), 0)::bigint, coalesce(sum(f.files_missing), 0)::bigint),
        'reviews', capture.share(coalesce(sum(f.reviews), 0)::bigint, coalesce(sum(f.reviews_missing), 0)::bigint),
        'comments', capture.share(coalesce(sum(f.comments), 0)::bigint, coalesce(sum(f.comments_missing), 0)::bigint),
        'gaps', jsonb_build_object(
          'pull_requests', coalesce(sum(f.rows_missing), 0), 'details', coalesce(sum(f.details_gaps), 0),
          'files', coalesce(sum(f.files_gaps), 0), 'reviews', coalesce(sum(f.reviews_gaps), 0), 'comments', coalesce(sum(f.comments_gaps), 0)
        )
      ) from figures f
    ),
    'gaps', (
      select coalesce(jsonb_agg(
        jsonb_build_object(
          'kind', g.kind, 'repository_id', g.id, 'repository', g.full_name, 'number', g.number, 'stub', g.stub,
          'captured', g.captured, 'github', g.github
        ) order by g.id, g.number desc nulls first, g.rank
      ), '[]')
      from (
        select * from gaps
        where kinds is null or gaps.kind = any (kinds)
        order by gaps.id, gaps.number desc nulls first, gaps.rank
        limit max_gaps
      ) as g
    )
  )
$$;
