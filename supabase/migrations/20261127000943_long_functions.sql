-- Functions whose work grows with a repository may take longer than Supabase's 8 seconds.
--
-- There, the role of PostgREST limits each statement to 8 seconds: https://supabase.com/docs/guides/database/postgres/timeouts. A function that
-- takes longer fails at each retry: a label of 100,000 pull requests would keep its old name, and a large installation could not be purged.
-- PostgREST applies a function's own statement_timeout to the transaction that calls it:
-- https://docs.postgrest.org/en/stable/references/transactions.html#hoisted-function-settings. When a proxy answers first, the transaction
-- goes on, and the retry finds its rows.

do $$
declare
  target regprocedure;
begin
  foreach target in array array[
    'public.capture_analyze(bigint, text[], integer)',
    'public.capture_compare_repositories(jsonb, boolean)',
    'public.capture_compare_titles(jsonb)',
    'public.capture_merge_installation(jsonb, jsonb, jsonb, jsonb, boolean, boolean, boolean)',
    'public.capture_merge_titles(jsonb, jsonb, boolean)',
    'public.capture_prune_jobs(timestamptz)',
    'public.capture_prune_journal(timestamptz)'
  ]::regprocedure[] loop
    execute format('alter function %s set statement_timeout = %L', target, '15min');
  end loop;
end $$;

-- Records a repository that GitHub was asked for by name: { private, archived, default_branch, updated_at }. If a repository payload has been
-- captured, only the name is recorded. GitHub shows a deleted one that was restored. Returns the result of capture_find_repository.
create or replace function public.capture_ensure_repository(context jsonb, repository jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.record_context(context);
  observed constant github.repositories := jsonb_populate_record(null::github.repositories, repository);
begin
  update github.repositories r set
    private = observed.private,
    archived = observed.archived,
    default_branch = observed.default_branch,
    updated_at = observed.updated_at,
    fetched_at = (context ->> 'fetched_at')::timestamptz
  where r.id = repo_id and r.updated_at is null;
  perform capture.restore_repository(repo_id, (context ->> 'fetched_at')::timestamptz);
  return public.capture_find_repository(repo_id::text);
end $$;

select capture.restrict_access();
