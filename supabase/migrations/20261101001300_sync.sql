-- Syncs of a repository: an inventory of GitHub's pull requests, then pages of them, merged by the same functions as live captures.

-- Begins a sync. Returns { state, inventoried_at, began_at }: capture_begin_job's result; when the last complete inventory began (null: never);
-- and the newest of GitHub's times at which the repository was read, for a sync without an inventory of its own. `extends`: history back to
-- `since` (null: all) is captured from now on, also by reconcilers.
create function public.capture_begin_sync(context jsonb, since timestamptz, extends boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := (context #>> '{repository,id}')::bigint;
  state constant text := public.capture_begin_job(context, false);
  inventoried timestamptz;
  known_until timestamptz;
begin
  if state = 'begun' then
    perform capture.record_context(context);
    update github.repositories r set history_since = least(r.history_since, coalesce(capture_begin_sync.since, '-infinity'))
    where r.id = repo_id and extends;
    select r.inventoried_at into inventoried from github.repositories r where r.id = repo_id;
    select max(greatest(c.inventoried_at, c.read_at)) into known_until from capture.coverage c where c.repository_id = repo_id;
  end if;
  return jsonb_build_object(
    'state', state, 'inventoried_at', inventoried, 'began_at', coalesce(known_until, now())
  );
end $$;

-- The longest usual delay of a webhook. An update that an inventory shows after this time and that no row has was not announced.
create function capture.webhook_delay()
returns interval language sql immutable set search_path = '' as $$ select interval '10 minutes' $$;

-- True when a skipped pull request is due again: an hour after the first time, then after twice as long each time, at most a day.
create function capture.is_due(skipped_at timestamptz, times_skipped integer, at timestamptz)
returns boolean language sql immutable set search_path = '' as $$
  select coalesce(skipped_at < at - least(interval '1 hour' * 2 ^ least(times_skipped - 1, 5), interval '1 day'), true)
$$;

-- Records a page of an inventory: [{ number, node_id, created_at, updated_at, reviews, issue_comments, review_comments }]. Unknown counts are
-- null. Marks pull requests that were updated without a webhook as stale.
create function public.capture_record_inventory(context jsonb, items jsonb)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  listed_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
begin
  perform capture.lock_pull_requests(repo_id, array(select (item ->> 'number')::integer from jsonb_array_elements(items) as item));
  insert into capture.coverage as c (
    repository_id, number, node_id, created_at, github_updated_at, inventoried_at, reviews_inventoried, issue_comments_inventoried,
    review_comments_inventoried
  )
  select
    repo_id, item.number, item.node_id, item.created_at, item.updated_at, listed_at, item.reviews, item.issue_comments, item.review_comments
  from jsonb_to_recordset(items) as item (
    number integer, node_id text, created_at timestamptz, updated_at timestamptz, reviews integer, issue_comments integer,
    review_comments integer
  )
  order by item.number
  on conflict (repository_id, number) do update set
    node_id = excluded.node_id,
    created_at = excluded.created_at,
    github_updated_at = greatest(c.github_updated_at, excluded.github_updated_at),
    inventoried_at = greatest(c.inventoried_at, excluded.inventoried_at);

  perform capture.record_inventory_counts(repo_id, (item ->> 'number')::integer, item, listed_at)
  from jsonb_array_elements(items) as item
  join github.pull_requests p on p.repository_id = repo_id and p.number = (item ->> 'number')::integer
  order by p.number;

  perform capture.mark_stale(
    repo_id,
    array(
      select p.number from github.pull_requests p
      join jsonb_to_recordset(items) as item (number integer, updated_at timestamptz) on item.number = p.number
      where p.repository_id = repo_id and p.updated_at < item.updated_at and item.updated_at < listed_at - capture.webhook_delay()
    ),
    array['details', 'reviews', 'issue_comments', 'review_comments'], listed_at
  );
  perform capture.record_step(context, 0, false);
end $$;

-- Returns the pull requests that a sync reads next, newest update first: { items: [{ number, node_id }], remaining }, at most max_items of the
-- remaining ones, and only those in `numbers` unless that is null.
--
-- Excludes those that this sync (the event id of its job) has read or skipped. `unless_current` selects only those that were updated since they
-- were last read, or have a gap within the captured history, or any gap (`gaps`). A skipped one is selected when it is due, or always with
-- `retry_left`.
create function public.capture_next_to_read(
  repository_id bigint, sync text, since timestamptz, unless_current boolean, gaps boolean, began_at timestamptz, max_items integer,
  numbers integer[], retry_left boolean
)
returns jsonb language sql stable security definer set search_path = '' as $$
  with candidates as (
    select c.* from capture.coverage c
    where not unless_current and c.repository_id = capture_next_to_read.repository_id
      and c.github_updated_at >= coalesce(capture_next_to_read.since, '-infinity')
    union all
    select c.* from capture.coverage c
    join github.repositories r on r.id = c.repository_id
    where unless_current and c.repository_id = capture_next_to_read.repository_id
      and (
        c.outdated
        or (
          c.incomplete
          and (gaps or c.captured or c.github_updated_at >= r.history_since)
          and (gaps or retry_left or capture.is_due(c.skipped_at, c.times_skipped, began_at))
        )
      )
  ), unread as (
    select c.number, c.node_id, c.github_updated_at
    from candidates c
    where c.node_id is not null
      and (numbers is null or c.number = any (numbers))
      and c.read_by is distinct from sync and c.skipped_by is distinct from sync
  )
  select jsonb_build_object(
    'items', coalesce(
      (
        select jsonb_agg(jsonb_build_object('number', next.number, 'node_id', next.node_id))
        from (select * from unread u order by u.github_updated_at desc, u.number desc limit max_items) as next
      ),
      '[]'
    ),
    'remaining', (select count(*) from unread)
  )
$$;

-- Skips parts (details, reviews, issue_comments, review_comments) of pull requests that a sync could not read. They get captures of their own.
create function public.capture_leave_unread(context jsonb, numbers integer[], parts text[], began_at timestamptz)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
begin
  perform capture.lock_pull_requests(repo_id, numbers);
  perform capture.mark_stale(repo_id, numbers, parts, began_at);
  update capture.coverage c set
    skipped_by = context #>> '{job,event_id}', skipped_at = began_at, times_skipped = c.times_skipped + 1
  where c.repository_id = repo_id and c.number = any (numbers) and c.skipped_by is distinct from context #>> '{job,event_id}';
  perform capture.record_step(context, 0, false);
  update capture.jobs j set left_behind = array(select distinct unnest(j.left_behind || numbers) order by 1)
  where j.event_id = context #>> '{job,event_id}';
end $$;

-- Pages of file lists that do not fit in one page. They are stored until the last page, so that a run's state contains only a cursor.
create table capture.file_pages (
  repository_id bigint not null references github.repositories on delete cascade,
  number integer not null,
  head_sha text not null,
  base_ref text not null,
  first integer not null,
  files jsonb not null,
  created_at timestamptz not null default now(),
  primary key (repository_id, number, head_sha, base_ref, first)
);
alter table capture.file_pages enable row level security;
comment on table capture.file_pages is 'Pages of a pull request''s file list that a sync has read, until it has read the last page.';
comment on column capture.file_pages.first is 'The number of files on the pages before.';

-- page: { head_sha, base_ref, first, files }.
create function capture.record_file_page(repo_id bigint, pull_request_number integer, page jsonb)
returns void language sql set search_path = '' as $$
  insert into capture.file_pages (repository_id, number, head_sha, base_ref, first, files)
  values (repo_id, pull_request_number, page ->> 'head_sha', page ->> 'base_ref', (page ->> 'first')::integer, page -> 'files')
  on conflict (repository_id, number, head_sha, base_ref, first) do update set files = excluded.files, created_at = excluded.created_at
$$;

-- Joins the last page of a file list with the stored pages before it, and deletes those. Returns null if a page is missing.
create function capture.join_file_pages(repo_id bigint, pull_request_number integer, list jsonb)
returns jsonb language plpgsql set search_path = '' as $$
declare
  before jsonb;
begin
  select jsonb_agg(file order by page.first, position) into before
  from capture.file_pages page, jsonb_array_elements(page.files) with ordinality as listed (file, position)
  where page.repository_id = repo_id and page.number = pull_request_number
    and page.head_sha = list ->> 'head_sha' and page.base_ref = list ->> 'base_ref' and page.first < (list ->> 'first')::integer;
  delete from capture.file_pages page where page.repository_id = repo_id and page.number = pull_request_number;
  if jsonb_array_length(before) is distinct from (list ->> 'first')::integer then
    return null;
  end if;
  return list || jsonb_build_object('files', before || (list -> 'files'));
end $$;

-- Merges one page of a sync in one transaction, and records the sync's progress.
--
-- items: [{ number, pull_request, shown, file_page, files, reviews, comments, threads, complete }]. A page contains only some of these parts.
--   shown      GitHub's counts, as in an inventory; the pull request counts as read by the sync
--   file_page  a page of files that is not the last, for capture.record_file_page
--   files      a complete list for capture.replace_files; with `first`, the last page of a list whose pages were recorded
--   complete   [{ kind, began_at, proven, total }]: lists that end with this item. Rows that a proven list lacks were deleted. Other lists may lack
--              items; `total` is GitHub's count (null: unknown).
--
-- Returns { files, threads, review_comments, unproven }: the numbers of the pull requests whose files are not captured for the current head and
-- base, that have a thread whose first comment is not captured, and whose review comments are stale or differ from GitHub's count; and the lists,
-- [{ number, kind }], that lack captured rows or items that GitHub counts, without proving a deletion.
create function public.capture_merge_sync(context jsonb, items jsonb, done integer, total integer)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  item jsonb;
  part jsonb;
  pull_request_number integer;
  rows_written integer := 0;
  without_comments integer[] := array[]::integer[];
  unproven jsonb := jsonb '[]';
begin
  perform capture.lock_pull_requests(repo_id, array(select (value ->> 'number')::integer from jsonb_array_elements(items)));
  for item in select value from jsonb_array_elements(items) order by (value ->> 'number')::integer loop
    pull_request_number := (item ->> 'number')::integer;
    perform capture.ensure_pull_request(repo_id, pull_request_number, null, context #>> '{job,event_id}');
    if item ? 'pull_request' then
      part := capture.merge_pull_request(repo_id, item -> 'pull_request', fetched_at, context #>> '{job,event_id}');
      rows_written := rows_written + case when part ->> 'outcome' = 'newer' then 1 else 0 end;
    end if;
    if item ? 'shown' then
      update capture.coverage c set
        read_by = context #>> '{job,event_id}', read_at = fetched_at, read_updated_at = (item #>> '{pull_request,updated_at}')::timestamptz
      where c.repository_id = repo_id and c.number = pull_request_number;
    end if;
    if item ? 'file_page' then
      perform capture.record_file_page(repo_id, pull_request_number, item -> 'file_page');
    end if;
    if item ? 'files' then
      part := item -> 'files';
      if (part ->> 'first')::integer > 0 then
        part := capture.join_file_pages(repo_id, pull_request_number, part);
      end if;
      if part is not null then
        rows_written := rows_written + coalesce(capture.replace_files(repo_id, pull_request_number, part), 0);
      end if;
    end if;
    for part in select value from jsonb_array_elements(item -> 'reviews') loop
      if capture.merge_review(repo_id, pull_request_number, part, fetched_at) = 'newer' then
        rows_written := rows_written + 1;
      end if;
    end loop;
    for part in select value from jsonb_array_elements(item -> 'comments') loop
      if capture.merge_comment(repo_id, pull_request_number, part, fetched_at) = 'newer' then
        rows_written := rows_written + 1;
      end if;
    end loop;
    if item ? 'threads' then
      rows_written := rows_written + capture.resolve_threads(item -> 'threads', fetched_at);
      if exists (
        select from jsonb_to_recordset(item -> 'threads') as thread (comment_id bigint)
        where not exists (select from github.comments c where c.kind = 'review' and c.id = thread.comment_id)
      ) then
        without_comments := without_comments || pull_request_number;
      end if;
    end if;
    for part in select value from jsonb_array_elements(item -> 'complete') loop
      if not (part ->> 'proven')::boolean and (
        exists (
          select from capture.absent_from_listing(repo_id, pull_request_number, part ->> 'kind', (part ->> 'began_at')::timestamptz)
        )
        or capture.count_listed(repo_id, pull_request_number, part ->> 'kind', (part ->> 'began_at')::timestamptz) <> (part ->> 'total')::integer
      ) then
        -- A capture of its own requests the absent items.
        unproven := unproven || jsonb_build_object('number', pull_request_number, 'kind', part ->> 'kind');
      else
        rows_written := rows_written
          + capture.finish_listing(repo_id, pull_request_number, part ->> 'kind', (part ->> 'began_at')::timestamptz);
      end if;
    end loop;
    if item ? 'shown' then
      perform capture.record_inventory_counts(repo_id, pull_request_number, item -> 'shown', fetched_at);
    end if;
  end loop;

  perform capture.record_step(context, rows_written, false);
  update capture.jobs j set
    done = coalesce(capture_merge_sync.done, j.done), total = coalesce(capture_merge_sync.total, j.total)
  where j.event_id = context #>> '{job,event_id}';
  return jsonb_build_object(
    'files', (
      select coalesce(jsonb_agg(p.number), '[]') from github.pull_requests p
      where p.repository_id = repo_id and p.number in (select (value ->> 'number')::integer from jsonb_array_elements(items))
        and (p.files_head_sha, p.files_base_ref) is distinct from (p.head_sha, p.base_ref)
    ),
    'threads', to_jsonb(without_comments),
    'unproven', unproven,
    'review_comments', (
      select coalesce(jsonb_agg(c.number), '[]') from capture.coverage c
      where c.repository_id = repo_id
        and c.number in (select (value ->> 'number')::integer from jsonb_array_elements(items) where value ? 'shown')
        and (
          'review_comments' = any (c.stale) or c.review_comments_counted < c.review_comments_on_github
          or c.review_comments_before > c.review_comments_on_github
        )
    )
  );
end $$;

-- Returns the numbers of the pull requests with a review comment that is at least a minute older than began_at and that no listing contained
-- since. This does not prove a deletion.
create function public.capture_absent_review_comments(repository_id bigint, began_at timestamptz)
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(absent.number order by absent.number), '[]')
  from (
    select distinct c.pull_request_number as number from github.comments c
    where c.kind = 'review' and c.repository_id = capture_absent_review_comments.repository_id
      and c.deleted_at is null and greatest(c.created_at, c.updated_at) < began_at - interval '1 minute'
      and coalesce(c.listed_at, '-infinity') < began_at
  ) as absent
$$;

-- Ends a listing of all review comments of a repository that began at began_at. The number of listed comments is GitHub's count, or corrects
-- it. Pull requests whose review comments are stale are left to their own captures.
create function capture.count_listed_review_comments(repo_id bigint, began_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  numbers constant integer[] := array(
    select p.number from github.pull_requests p
    join capture.coverage c on c.repository_id = p.repository_id and c.number = p.number
    where p.repository_id = repo_id and not 'review_comments' = any (c.stale) and (
      c.review_comments_on_github is distinct from c.review_comments_counted
      or p.review_comments is distinct from c.review_comments_counted
      or p.review_comments_counted_at is null
    )
  );
begin
  perform capture.lock_pull_requests(repo_id, numbers);
  update capture.coverage c set review_comments_unlisted = c.review_comments_inventoried - c.review_comments_counted
  where c.repository_id = repo_id and c.number = any (numbers) and not 'review_comments' = any (c.stale)
    and c.review_comments_inventoried is not null and c.review_comments_on_github is distinct from c.review_comments_counted;
  update github.pull_requests p set
    review_comments = case when p.review_comments_counted_at is null then c.review_comments else c.review_comments_counted end,
    review_comments_counted_at = coalesce(p.review_comments_counted_at, began_at)
  from capture.coverage c
  where p.repository_id = repo_id and p.number = any (numbers) and c.repository_id = repo_id and c.number = p.number
    and not 'review_comments' = any (c.stale)
    and case
      when p.review_comments_counted_at is null then p.created_at < began_at
      else p.review_comments is distinct from c.review_comments_counted
    end;
end $$;

-- Ends a sync that began at began_at, and completes its job.
--
--   has_all_review_comments  it listed every review comment of the repository
--   is_inventoried           its inventory of the repository is complete
--   synced                   everything that was updated since `since` (null: ever) was read or skipped
--   pull_requests            GitHub's number of pull requests at `counted_at`; null: unknown
create function public.capture_finish_sync(
  context jsonb, began_at timestamptz, since timestamptz, has_all_review_comments boolean, is_inventoried boolean, synced boolean,
  pull_requests integer, counted_at timestamptz
)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
begin
  update github.repositories r set
    pull_requests = coalesce(capture_finish_sync.pull_requests, r.pull_requests),
    pull_requests_counted_at = coalesce(counted_at, r.pull_requests_counted_at),
    inventoried_at = case when is_inventoried then greatest(r.inventoried_at, began_at) else r.inventoried_at end,
    synced_at = case
      when synced and coalesce(r.synced_at >= coalesce(capture_finish_sync.since, '-infinity'), true) then greatest(r.synced_at, began_at)
      else r.synced_at end
  where r.id = repo_id;

  if has_all_review_comments then
    perform capture.count_listed_review_comments(repo_id, began_at);
  end if;

  delete from capture.file_pages page where page.created_at < now() - interval '1 day'; -- of syncs that never ended
  perform capture.record_step(context, 0, true);
  update capture.jobs j set done = coalesce(j.total, j.done) where j.event_id = context #>> '{job,event_id}';
end $$;

select capture.restrict_access();
