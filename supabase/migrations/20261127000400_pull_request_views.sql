-- One pull request with everything that belongs to it, and the list of the newest ones.

-- Returns the gaps of one row of capture.coverage, as capture_analyze does: [{ kind, repository_id, repository, number, stub, stale, captured,
-- github }].
create function capture.gaps_of(c capture.coverage, repository text)
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'kind', k.kind, 'repository_id', c.repository_id, 'repository', repository, 'number', c.number, 'stub', not c.known, 'stale', k.stale,
      'captured', k.captured, 'github', k.captured + k.missing - k.excess
    ) order by k.rank
  ), '[]')
  from (values
    (0, 'pull_requests', false, 0, case when c.captured then 0 else 1 end, 0),
    (
      1, 'details', 'details' = any (c.stale), 0,
      case when c.captured and (not c.known or c.contradiction is not null or 'details' = any (c.stale)) then 1 else 0 end, 0
    ),
    (2, 'files', false, c.files_captured, c.files_missing, 0),
    (
      3, 'reviews', 'reviews' = any (c.stale), c.reviews,
      greatest(c.reviews_missing, case when c.reviews_excess = 0 and 'reviews' = any (c.stale) then 1 else 0 end), c.reviews_excess
    ),
    (
      4, 'comments', c.stale && '{issue_comments,review_comments}', c.issue_comments + c.review_comments,
      greatest(c.comments_missing, case when c.comments_excess = 0 and c.stale && '{issue_comments,review_comments}' then 1 else 0 end),
      c.comments_excess
    )
  ) as k (rank, kind, stale, captured, missing, excess)
  where c.incomplete and (k.missing > 0 or k.excess > 0) and (c.captured or k.rank = 0)
$$;

create function capture.login_of(account_id bigint)
returns text language sql stable set search_path = '' as $$
  select coalesce((select a.login from github.accounts a where a.id = account_id), account_id::text)
$$;

create function capture.logins_of(account_ids bigint[])
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(capture.login_of(id) order by position), '[]') from unnest(account_ids) with ordinality as account (id, position)
$$;

-- The state as the console shows it: open, closed or merged.
create function capture.state_of(p github.pull_requests)
returns text language sql immutable set search_path = '' as $$
  select case when p.merged_at is not null or p.merged then 'merged' else p.state end
$$;

-- Returns the summary of a pull request.
create function capture.summarize(p github.pull_requests)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'repository', (select r.full_name from github.repositories r where r.id = p.repository_id),
    'repository_id', p.repository_id, 'number', p.number, 'title', p.title, 'state', capture.state_of(p), 'draft', p.draft,
    'author', capture.login_of(p.author_id), 'updated_at', p.updated_at
  )
$$;

-- Lists the pull requests that were updated last, of one repository or of all (null). `search` is a number, or part of a title.
create function public.capture_list_pull_requests(repository_id bigint, search text, max_items integer)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  pattern constant text := '%' || regexp_replace(search, '([\\%_])', '\\\1', 'g') || '%';
  wanted constant integer := case when search ~ '^#?\d{1,9}$' then ltrim(search, '#')::integer end;
  summaries jsonb;
begin
  -- No index orders updates: it would slow down every write, for a list that people open now and then.
  execute format(
    'select coalesce(jsonb_agg(capture.summarize(found) order by found.updated_at desc nulls last, found.number desc), ''[]'')
     from (
       select * from github.pull_requests p where %s and %s order by p.updated_at desc nulls last limit $1
     ) as found',
    case when repository_id is null then 'true' else format('p.repository_id = %s', repository_id) end,
    case
      when wanted is not null then format('(p.number = %s or p.title ilike %L)', wanted, pattern)
      when search is not null then format('p.title ilike %L', pattern)
      else 'true'
    end
  ) into summaries using max_items;
  return summaries;
end $$;

-- Returns a pull request with its files (at most max_files), reviews and comments (at most max_items, the newest), gaps and newest jobs, or
-- null. Deleted reviews and comments are included.
create function public.capture_view_pull_request(owner text, name text, number integer, max_files integer, max_items integer)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  repo github.repositories;
  p github.pull_requests;
begin
  select * into repo from github.repositories r
  where lower(r.owner) = lower(capture_view_pull_request.owner) and lower(r.name) = lower(capture_view_pull_request.name)
  order by r.deleted_at is null desc, r.seen_at desc limit 1;
  select * into p from github.pull_requests found where found.repository_id = repo.id and found.number = capture_view_pull_request.number;
  if not found then
    return null;
  end if;
  return capture.summarize(p) || jsonb_build_object(
    'facts', (
      select jsonb_object_agg(fact.key, fact.value) from jsonb_each(to_jsonb(p)) as fact
      where fact.key !~ '_(clock|fetched_at|counted_at)$|^(files_)?captured_(at|by)$'
        and fact.key not in ('column_clocks', 'details_requested_by', 'label_ids')
    ) || jsonb_build_object(
      'author_id', capture.login_of(p.author_id), 'merged_by_id', capture.login_of(p.merged_by_id),
      'assignees', capture.logins_of(p.assignees), 'requested_reviewers', capture.logins_of(p.requested_reviewers)
    ),
    'provenance', jsonb_build_object('clock', p.details_clock, 'captured_at', p.captured_at, 'captured_by', p.captured_by),
    'files', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'filename', f.filename, 'status', f.status, 'previous_filename', f.previous_filename, 'additions', f.additions, 'deletions', f.deletions
      ) order by f.filename), '[]')
      from (
        select * from github.pull_request_files f
        where f.repository_id = repo.id and f.pull_request_number = p.number order by f.filename limit max_files
      ) as f
    ),
    'files_provenance', jsonb_build_object('clock', null, 'captured_at', p.files_captured_at, 'captured_by', p.files_captured_by),
    'timeline', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kind', t.kind, 'id', t.id, 'at', t.at, 'author', capture.login_of(t.author_id), 'body', t.body, 'state', t.state, 'path', t.path,
        'line', t.line, 'review_id', t.review_id, 'in_reply_to_id', t.in_reply_to_id, 'resolved', t.resolved, 'deleted_at', t.deleted_at,
        'provenance', jsonb_build_object('clock', t.clock, 'captured_at', t.captured_at, 'captured_by', t.captured_by)
      ) order by t.at, t.kind <> 'review', t.id), '[]')
      from (
        select
          'review' as kind, v.id, v.submitted_at as at, v.author_id, v.body, v.state, null as path, null::integer as line, null::bigint as review_id,
          null::bigint as in_reply_to_id, null::boolean as resolved, v.deleted_at, v.clock, v.captured_at, v.captured_by
        from github.reviews v where v.repository_id = repo.id and v.pull_request_number = p.number
        union all
        select
          c.kind || '_comment', c.id, c.created_at, c.author_id, c.body, null, c.path, c.original_line, c.pull_request_review_id,
          c.in_reply_to_id, c.resolved, c.deleted_at, c.updated_at, c.captured_at, c.captured_by
        from github.comments c where c.repository_id = repo.id and c.pull_request_number = p.number
        order by at desc limit max_items
      ) as t
    ),
    'gaps', coalesce((
      select capture.gaps_of(c, repo.full_name) from capture.coverage c where c.repository_id = repo.id and c.number = p.number
    ), '[]'),
    'jobs', (
      select coalesce(jsonb_agg(capture.to_job(j) order by j.id desc), '[]')
      from (
        select * from capture.jobs j where j.repository_id = repo.id and j.number = p.number order by j.id desc limit 20
      ) as j
    )
  );
end $$;

-- Returns the rows of a pull request, to compare them: { pull_request, files, reviews, comments }, or null.
create function public.capture_read_rows(repository_id bigint, number integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'pull_request', to_jsonb(p),
    'files', (
      select coalesce(jsonb_agg(to_jsonb(f) - 'filename_sha256' order by f.filename), '[]') from github.pull_request_files f
      where f.repository_id = p.repository_id and f.pull_request_number = p.number
    ),
    'reviews', (
      select coalesce(jsonb_agg(to_jsonb(v) order by v.id), '[]') from github.reviews v
      where v.repository_id = p.repository_id and v.pull_request_number = p.number
    ),
    'comments', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.kind, c.id), '[]') from github.comments c
      where c.repository_id = p.repository_id and c.pull_request_number = p.number
    )
  )
  from github.pull_requests p
  where p.repository_id = capture_read_rows.repository_id and p.number = capture_read_rows.number
$$;

select capture.restrict_access();
