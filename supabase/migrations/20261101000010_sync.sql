-- A repository's sync: pages of many pull requests, merged by the same rules as live captures.

-- Beginnings of lists of files too long for one page. They wait here for their ends, so that a run has nothing to carry but a cursor.
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
comment on table capture.file_pages is 'Pages of a pull request''s list of files that a sync has read, until the last of them is.';
comment on column capture.file_pages.first is 'How many files the pages before it have.';

-- page: { head_sha, base_ref, first, files }.
create function capture.keep_file_page(repo_id bigint, pull_request_number integer, page jsonb)
returns void language sql set search_path = '' as $$
  insert into capture.file_pages (repository_id, number, head_sha, base_ref, first, files)
  values (repo_id, pull_request_number, page ->> 'head_sha', page ->> 'base_ref', (page ->> 'first')::integer, page -> 'files')
  on conflict (repository_id, number, head_sha, base_ref, first) do update set files = excluded.files, created_at = excluded.created_at
$$;

-- The list with the pages before it, which are kept no longer. Null where one of them is missing.
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

-- Merges one page in one transaction, and notes how far the sync is.
--
-- items: [{ number, pull_request, file_page, files, reviews, comments, threads, complete }], each part only where the page has it.
--   file_page a page of files that is not the last, as capture.keep_file_page takes it
--   files     a list as capture.replace_files takes it, complete; with `first`, the end of one that was begun by pages
--   complete  [{ kind, began_at }]: listings that end with this item
-- Returns { files, review_comments }: the numbers of those whose files are not captured for their present head and base, and of those of
-- whose threads the first comment is not here.
create function public.capture_merge_sync(context jsonb, items jsonb, done integer, total integer)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  item jsonb;
  part jsonb;
  pull_request_number integer;
  rows_written integer := 0;
  without_comments integer[] := '{}';
begin
  -- In the order of their numbers, so that two pages that share some cannot deadlock.
  for item in select value from jsonb_array_elements(items) order by (value ->> 'number')::integer loop
    pull_request_number := (item ->> 'number')::integer;
    perform capture.meet_pull_request(repo_id, pull_request_number, null, context #>> '{job,event_id}');
    if item ? 'pull_request' then
      part := capture.merge_pull_request(repo_id, item -> 'pull_request', fetched_at, context #>> '{job,event_id}');
      rows_written := rows_written + case when part ->> 'outcome' = 'newer' then 1 else 0 end;
    end if;
    if item ? 'file_page' then
      perform capture.keep_file_page(repo_id, pull_request_number, item -> 'file_page');
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
      rows_written := rows_written
        + capture.finish_listing(repo_id, pull_request_number, part ->> 'kind', (part ->> 'began_at')::timestamptz);
    end loop;
  end loop;

  perform capture.note_step(context, rows_written, false);
  update capture.jobs j set
    done = coalesce(capture_merge_sync.done, j.done), total = coalesce(capture_merge_sync.total, j.total)
  where j.event_id = context #>> '{job,event_id}';
  return jsonb_build_object(
    'files', (
      select coalesce(jsonb_agg(p.number), '[]') from github.pull_requests p
      where p.repository_id = repo_id and p.number in (select (value ->> 'number')::integer from jsonb_array_elements(items))
        and (p.files_head_sha, p.files_base_ref) is distinct from (p.head_sha, p.base_ref)
    ),
    'review_comments', to_jsonb(without_comments)
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

  delete from capture.file_pages page where page.created_at < now() - interval '1 day'; -- of a sync that never ended
  update github.repositories r set
    pull_requests = capture_finish_sync.pull_requests, pull_requests_counted_at = counted_at, synced_at = greatest(r.synced_at, began_at)
  where r.id = repo_id;
  perform capture.note_step(context, gone, true);
  if complete then
    update capture.jobs j set done = pull_requests, total = pull_requests where j.event_id = context #>> '{job,event_id}';
  end if;
end $$;
