-- What every capture calls is planned once a session.
--
-- Postgres before version 18 plans the statements of an SQL function again at each call, unless the planner can inline it, which a function
-- with settings prevents. It keeps the plans of a PL/pgSQL function. Most of a merge's time was planning.

-- Turns an SQL function with one statement into a PL/pgSQL function that does the same.
create function capture.plan_once(target regprocedure)
returns void language plpgsql set search_path = '' as $$
declare
  fn record;
begin
  select p.prosrc as statement, p.proretset as is_set, p.prorettype = 'void'::regtype as is_void into strict fn
  from pg_catalog.pg_proc p where p.oid = target;
  execute replace(
    replace(pg_catalog.pg_get_functiondef(target), ' LANGUAGE sql', ' LANGUAGE plpgsql'),
    fn.statement,
    -- A name means a column first, as in an SQL function.
    format(
      case when fn.is_set then e'\n#variable_conflict use_column\nbegin\n  return query%s;\nend '
        when fn.is_void then e'\n#variable_conflict use_column\nbegin%s;\nend '
        else e'\n#variable_conflict use_column\nbegin\n  return (%s);\nend ' end,
      fn.statement
    )
  );
end $$;

select capture.plan_once(name::regprocedure) from unnest(array[
  'capture.compare_observations(timestamptz, timestamptz, timestamptz, timestamptz, boolean)',
  'capture.known_columns(jsonb, jsonb)',
  'capture.announced_details(jsonb)',
  'capture.clear_stale(bigint, integer, text, timestamptz)',
  'capture.record_count(bigint, integer, text, integer, timestamptz)',
  'capture.record_unlisted_items(bigint, integer, text, integer)',
  'capture.record_unlisted_files(bigint, integer, boolean)',
  'capture.lacks_files(bigint, integer)',
  'capture.installation_lock(bigint)',
  'capture.titles_lock(bigint)',
  'capture.accounts_lock()',
  'capture.stop_reason(bigint, bigint)',
  'capture.changed_repository(jsonb)',
  'capture.changed_accounts(jsonb)',
  'capture.is_newer_login(github.accounts, github.accounts)',
  'capture.record_accounts(jsonb)',
  'capture.current_labels(bigint, text[], text[], timestamptz)',
  'capture.detail_columns()',
  'capture.split_assignees(jsonb)',
  'capture.join_assignees(jsonb)',
  'capture.fill_label_ids(text[], text[], text[], text[])',
  'capture.comment_columns(text)',
  'capture.resolve_threads(jsonb, timestamptz)',
  'capture.record_file_page(bigint, integer, jsonb)',
  'capture.add_step(jsonb, jsonb)'
]) as name;

select capture.restrict_access();
