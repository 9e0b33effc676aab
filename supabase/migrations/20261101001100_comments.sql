-- Issue comments and review comments, ordered by updated_at, and resolved review threads.
--
-- A delivered deletion is final: its payload has the comment's last content, and later observations are ignored. A deletion that was inferred
-- from a listing is not final: a newer observation restores the comment.

-- The columns that a comment's clock orders. in_reply_to_id is not among them: GitHub omits it from comments that reply to nothing, and never
-- changes it.
create function capture.comment_columns(kind text)
returns text[] language sql stable set search_path = '' as $$
  select case kind
    when 'issue' then array['author_id', 'author_association', 'body', 'created_at']
    else capture.columns_of('github.comments', array[
      'kind', 'id', 'repository_id', 'pull_request_number', 'updated_at', 'in_reply_to_id', 'resolved', 'deleted_at', 'fetched_at',
      'column_clocks', 'listed_at', 'deletion_inferred', 'resolved_clock', 'resolved_fetched_at'
    ])
  end
$$;

-- Merges one comment: the known columns of github.comments, with `deleted_at` only if a deletion was delivered. Returns the outcome.
create function capture.merge_comment(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  observed constant github.comments := jsonb_populate_record(null::github.comments, item);
  columns constant text[] := capture.comment_columns(observed.kind);
  known constant jsonb := capture.known_columns(to_jsonb(observed), item);
  present github.comments;
  decided text;
  result record;
begin
  if not exists (select from github.comments c where c.kind = observed.kind and c.id = observed.id) then
    result := capture.merge_known(columns, '{"column_clocks": {}}', null, null, known, observed.updated_at, fetched_at, null);
    insert into github.comments
    select * from jsonb_populate_record(null::github.comments, '{"body": ""}' || result.merged || jsonb_build_object(
      'kind', observed.kind, 'id', observed.id, 'repository_id', repo_id, 'pull_request_number', pull_request_number,
      'in_reply_to_id', observed.in_reply_to_id, 'updated_at', observed.updated_at, 'deleted_at', observed.deleted_at, 'deletion_inferred', false,
      'fetched_at', fetched_at, 'listed_at', fetched_at
    ))
    on conflict do nothing;
    if found then
      return 'newer';
    end if;
  end if;
  select * into strict present from github.comments c where c.kind = observed.kind and c.id = observed.id for update;

  decided := case
    when observed.deleted_at is not null then
      case when present.deleted_at is null or present.deletion_inferred then 'newer' else 'same' end
    when present.deleted_at is not null then
      case
        when present.deletion_inferred and coalesce(fetched_at, observed.updated_at) > present.deleted_at
          and observed.updated_at >= present.updated_at -- a lagging replica can still list the comment
        then 'newer' else 'older'
      end
  end;
  result := capture.merge_known(
    columns, to_jsonb(present), present.updated_at, present.fetched_at, known, observed.updated_at, fetched_at, decided
  );
  if result.outcome = 'ambiguous' then
    return result.outcome;
  end if;
  if result.outcome = 'newer' or fetched_at is not null or present.column_clocks <> result.merged -> 'column_clocks'
    or (present.in_reply_to_id is null and observed.in_reply_to_id is not null)
  then
    perform capture.replace_comment(result.merged || jsonb_build_object(
      'in_reply_to_id', case
        when result.outcome = 'newer' then coalesce(observed.in_reply_to_id, present.in_reply_to_id)
        else coalesce(present.in_reply_to_id, observed.in_reply_to_id) end,
      'updated_at', result.clock,
      'fetched_at', result.fetched_at,
      'deleted_at', case when decided = 'newer' then observed.deleted_at else present.deleted_at end,
      'deletion_inferred', present.deletion_inferred and decided is distinct from 'newer',
      'listed_at', greatest(present.listed_at, merge_comment.fetched_at)
    ));
  end if;
  return result.outcome;
end $$;

-- Records on a thread's first comment whether the thread is resolved. The clock is updated_at of the payload, or the `date` of the answer.
-- Returns the outcome: 'newer' only if the row changed, 'same' also if the comment does not exist.
create function capture.resolve_thread(comment_id bigint, resolved boolean, clock timestamptz, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  present github.comments;
  same_content boolean;
  outcome text;
begin
  select * into present from github.comments c where c.kind = 'review' and c.id = comment_id for update;
  if not found then
    return 'same';
  end if;
  same_content := present.resolved is not distinct from resolve_thread.resolved;
  outcome := capture.compare_observations(present.resolved_clock, present.resolved_fetched_at, clock, fetched_at, same_content);
  if outcome = 'newer' then
    update github.comments c set
      resolved = resolve_thread.resolved, resolved_clock = clock, resolved_fetched_at = resolve_thread.fetched_at
    where c.kind = 'review' and c.id = comment_id;
  end if;
  return case when outcome = 'newer' and same_content then 'same' else outcome end;
end $$;

-- Records fetched threads: [{ comment_id, resolved }]. Returns the number of changed rows.
create function capture.resolve_threads(threads jsonb, fetched_at timestamptz)
returns integer language sql set search_path = '' as $$
  select (count(*) filter (
    where capture.resolve_thread(thread.comment_id, thread.resolved, fetched_at, fetched_at) = 'newer'
  ))::integer
  from (select * from jsonb_to_recordset(threads) as listed (comment_id bigint, resolved boolean) order by comment_id) as thread
$$;

-- Merges comments of one pull request, with the same arguments and result as capture_merge_reviews.
create function public.capture_merge_comments(context jsonb, number integer, pull_request jsonb, comments jsonb, finished boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  ensured constant jsonb := capture.ensure_pull_request(repo_id, number, pull_request, context #>> '{job,event_id}');
  item jsonb;
  outcome text;
  ambiguous timestamptz;
  rows_written integer := 0;
begin
  for item in select value from jsonb_array_elements(comments) order by value ->> 'kind', (value ->> 'id')::bigint loop
    outcome := capture.merge_comment(repo_id, number, item - array['resolved', 'resolved_clock'], fetched_at);
    if outcome = 'ambiguous' then
      ambiguous := greatest(ambiguous, (item ->> 'updated_at')::timestamptz);
    end if;
    if item ? 'resolved' then
      case capture.resolve_thread(
        (item ->> 'id')::bigint, (item ->> 'resolved')::boolean, (item ->> 'resolved_clock')::timestamptz, fetched_at
      )
        when 'newer' then outcome := 'newer';
        when 'ambiguous' then ambiguous := greatest(ambiguous, (item ->> 'resolved_clock')::timestamptz);
        else null;
      end case;
    end if;
    rows_written := rows_written + case when outcome = 'newer' then 1 else 0 end;
  end loop;
  perform capture.record_step(context, rows_written, finished and ambiguous is null);
  return jsonb_strip_nulls(jsonb_build_object('ambiguous', ambiguous)) || ensured;
end $$;

create function public.capture_merge_threads(context jsonb, threads jsonb)
returns void language plpgsql security definer set search_path = '' as $$
begin
  perform capture.begin_write(context);
  perform capture.record_step(context, capture.resolve_threads(threads, (context ->> 'fetched_at')::timestamptz), false);
end $$;

select capture.restrict_access();
