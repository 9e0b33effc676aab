-- Files of pull requests.

-- Replaces a pull request's files by a list of the row's current head and base.
--
-- list: { head_sha, base_ref, files, truncated, partial, append }. `partial` is true when the list lacks files that could not be read or stored,
-- `append` for a later part of a list that could not be stored at once.
--
-- Returns the number of new rows, 0 for a complete list that was stored before. Returns null and stores nothing when the pull request has
-- another head or base by now.
create function capture.replace_files(repo_id bigint, pull_request_number integer, list jsonb)
returns integer language plpgsql set search_path = '' as $$
declare
  known constant boolean := exists (
    select from github.pull_requests p
    where p.repository_id = repo_id and p.number = replace_files.pull_request_number
      and p.files_head_sha = list ->> 'head_sha' and p.files_base_ref = list ->> 'base_ref'
  );
  present jsonb;
  replaced integer;
begin
  update github.pull_requests p set
    files_head_sha = list ->> 'head_sha',
    files_base_ref = list ->> 'base_ref',
    files_truncated = (list ->> 'truncated')::boolean
  where p.repository_id = repo_id and p.number = replace_files.pull_request_number
    and p.head_sha = list ->> 'head_sha' and p.base_ref = list ->> 'base_ref';
  if not found then
    return null;
  end if;
  -- Unknown columns of a file keep their values from an earlier list of the same head and base.
  select jsonb_object_agg(f.filename, to_jsonb(f)) into present from github.pull_request_files f
  where known and f.repository_id = repo_id and f.pull_request_number = replace_files.pull_request_number
    and exists (
      select from jsonb_array_elements(list -> 'files') as listed
      where not listed ?& array['status', 'additions', 'deletions', 'changes', 'previous_filename']
    );
  delete from github.pull_request_files f
  where f.repository_id = repo_id and f.pull_request_number = replace_files.pull_request_number
    and not coalesce((list ->> 'append')::boolean, false);
  get diagnostics replaced = row_count;
  insert into github.pull_request_files
  select repo_id, pull_request_number, listed.*
  from jsonb_array_elements(list -> 'files') as item,
    jsonb_to_record(coalesce(present -> (item ->> 'filename'), '{}') || item) as listed (
      filename text, status text, additions integer, deletions integer, changes integer, previous_filename text
    )
  on conflict do nothing;
  perform capture.record_unlisted_files(repo_id, pull_request_number, known and not coalesce((list ->> 'partial')::boolean, false));
  return jsonb_array_length(list -> 'files') - case when known then least(replaced, jsonb_array_length(list -> 'files')) else 0 end;
end $$;

-- Replaces one pull request's files and completes the job. Returns false when the pull request has another head or base by now.
create function public.capture_replace_files(context jsonb, number integer, list jsonb)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  rows_written integer;
begin
  perform capture.ensure_pull_request(repo_id, number, null, context #>> '{job,event_id}');
  rows_written := capture.replace_files(repo_id, number, list);
  perform capture.record_step(context, coalesce(rows_written, 0), true);
  return rows_written is not null;
end $$;

select capture.restrict_access();
