-- A repository's sync: pages of many pull requests, merged by the same rules as live captures.

-- Merges one page in one transaction, and notes how far the sync is.
--
-- items: [{ number, pull_request, files, reviews, comments, threads, complete }], each part only where the page has it.
--   files     a list as capture.replace_files takes it, complete
--   complete  [{ kind, began_at }]: listings that end with this item
-- Returns the numbers of those whose files are not captured for their present head and base.
create function public.capture_merge_sync(context jsonb, items jsonb, done integer, total integer)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  item jsonb;
  part jsonb;
  pull_request_number integer;
  rows_written integer := 0;
begin
  -- In the order of their numbers, so that two pages that share some cannot deadlock.
  for item in select value from jsonb_array_elements(items) order by (value ->> 'number')::integer loop
    pull_request_number := (item ->> 'number')::integer;
    perform capture.meet_pull_request(repo_id, pull_request_number, null, context #>> '{job,event_id}');
    if item ? 'pull_request' then
      part := capture.merge_pull_request(repo_id, item -> 'pull_request', fetched_at, context #>> '{job,event_id}');
      rows_written := rows_written + case when part ->> 'outcome' = 'newer' then 1 else 0 end;
    end if;
    if item ? 'files' then
      rows_written := rows_written + coalesce(capture.replace_files(repo_id, pull_request_number, item -> 'files'), 0);
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
    end if;
    for part in select value from jsonb_array_elements(item -> 'complete') loop
      rows_written := rows_written
        + capture.finish_listing(repo_id, pull_request_number, part ->> 'kind', (part ->> 'began_at')::timestamptz);
    end loop;
  end loop;

  perform capture.note_step(context, rows_written, false);
  update capture.jobs j set
    done = coalesce(capture_merge_sync.done, j.done), total = coalesce(capture_merge_sync.total, j.total)
  where j.event_id = context #>> '{job,event_id}';
  return (
    select coalesce(jsonb_agg(p.number), '[]') from github.pull_requests p
    where p.repository_id = repo_id and p.number in (select (value ->> 'number')::integer from jsonb_array_elements(items))
      and (p.files_head_sha, p.files_base_ref) is distinct from (p.head_sha, p.base_ref)
  );
end $$;

-- Ends a sync that began at that moment, and its job. Where it walked the whole repository (`complete`), it knows of every review comment:
-- one that existed before and was not seen is gone, and those seen are GitHub's count. `pull_requests` is how many GitHub had at `counted_at`.
create function public.capture_finish_sync(
  context jsonb, began_at timestamptz, complete boolean, pull_requests integer, counted_at timestamptz
)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  gone integer := 0;
begin
  if complete then
    update github.comments c set deleted_at = began_at, deletion_inferred = true
    where c.kind = 'review' and c.repository_id = repo_id
      and c.deleted_at is null and greatest(c.created_at, c.updated_at) < began_at and coalesce(c.listed_at, '-infinity') < began_at;
    get diagnostics gone = row_count;

    update github.pull_requests p set review_comments = counted.total, review_comments_counted_at = began_at
    from (
      select q.number, count(c.id)::integer as total
      from github.pull_requests q
      left join github.comments c on c.kind = 'review' and c.repository_id = repo_id and c.pull_request_number = q.number
        and c.deleted_at is null and c.listed_at >= began_at
      where q.repository_id = repo_id
      group by q.number
    ) as counted
    where p.repository_id = repo_id and p.number = counted.number and coalesce(p.review_comments_counted_at, '-infinity') < began_at;
  end if;

  update github.repositories r set
    pull_requests = capture_finish_sync.pull_requests, pull_requests_counted_at = counted_at, synced_at = greatest(r.synced_at, began_at)
  where r.id = repo_id;
  perform capture.note_step(context, gone, true);
end $$;
