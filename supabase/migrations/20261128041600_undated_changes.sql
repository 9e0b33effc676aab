-- The payloads of older Enterprise Servers do not show when a thread was resolved, or a review edited. The clock of such an observation is that of its
-- pull request, which the change need not move, so an answer of GitHub's from before the change can seem newer. The row is then `undated`: what would
-- be ignored as older is ambiguous, so GitHub is asked.

create or replace function public.capture_merge_comments(context jsonb, number integer, pull_request jsonb, comments jsonb, finished boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  ensured constant jsonb := capture.ensure_pull_request(repo_id, number, pull_request, context #>> '{job,event_id}');
  item jsonb;
  outcome text;
  resolving text;
  ambiguous timestamptz;
  rows_written integer := 0;
begin
  for item in select value from jsonb_array_elements(comments) order by value ->> 'kind', (value ->> 'id')::bigint loop
    outcome := capture.merge_comment(repo_id, number, item - array['resolved', 'resolved_clock', 'undated'], fetched_at);
    if outcome = 'ambiguous' then
      ambiguous := greatest(ambiguous, (item ->> 'updated_at')::timestamptz);
    end if;
    if item ? 'resolved' then
      resolving := capture.resolve_thread(
        (item ->> 'id')::bigint, (item ->> 'resolved')::boolean, (item ->> 'resolved_clock')::timestamptz, fetched_at
      );
      if resolving = 'newer' then
        outcome := 'newer';
      elsif resolving = 'ambiguous' or (
        resolving = 'older' and item ? 'undated' and exists (
          select from github.comments c
          where c.kind = 'review' and c.id = (item ->> 'id')::bigint and c.resolved is distinct from (item ->> 'resolved')::boolean
        )
      ) then
        ambiguous := greatest(ambiguous, (item ->> 'resolved_clock')::timestamptz);
      end if;
    end if;
    rows_written := rows_written + case when outcome = 'newer' then 1 else 0 end;
  end loop;
  perform capture.record_step(context, rows_written, finished and ambiguous is null);
  return jsonb_strip_nulls(jsonb_build_object('ambiguous', ambiguous)) || ensured;
end $$;

create or replace function public.capture_merge_reviews(context jsonb, number integer, pull_request jsonb, reviews jsonb, finished boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
  ensured constant jsonb := capture.ensure_pull_request(repo_id, number, pull_request, context #>> '{job,event_id}');
  item jsonb;
  outcome text;
  ambiguous timestamptz;
  rows_written integer := 0;
begin
  for item in select value from jsonb_array_elements(reviews) order by (value ->> 'id')::bigint loop
    outcome := capture.merge_review(repo_id, number, item - 'undated', (context ->> 'fetched_at')::timestamptz);
    if outcome = 'newer' then
      rows_written := rows_written + 1;
    elsif outcome = 'ambiguous' or (outcome = 'older' and item ? 'undated') then
      ambiguous := greatest(ambiguous, (item ->> 'clock')::timestamptz);
    end if;
  end loop;
  perform capture.record_step(context, rows_written, finished and ambiguous is null);
  return jsonb_strip_nulls(jsonb_build_object('ambiguous', ambiguous)) || ensured;
end $$;

select capture.restrict_access();
