-- Reviews.
--
-- REST gives a review no updated_at. So its clock is updated_at of the pull request in its payload, or the `date` of the answer. A dismissed
-- review stays dismissed. GitHub has no webhook for deletions: they are inferred from listings, and a newer observation restores the review.

-- Merges one review: the known columns of github.reviews, with `clock`. Returns the outcome; 'newer' only if the row changed.
create function capture.merge_review(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  -- The columns that the clock orders.
  columns constant text[] := capture.columns_of('github.reviews', array[
    'id', 'repository_id', 'pull_request_number', 'deleted_at', 'clock', 'fetched_at', 'column_clocks', 'listed_at'
  ]);
  observed constant github.reviews := jsonb_populate_record(null::github.reviews, item);
  known constant jsonb := capture.known_columns(to_jsonb(observed), item);
  present github.reviews;
  decided text;
  result record;
begin
  if not exists (select from github.reviews r where r.id = observed.id) then
    result := capture.merge_known(columns, '{"column_clocks": {}}', null, null, known, observed.clock, fetched_at, null);
    insert into github.reviews
    select * from jsonb_populate_record(null::github.reviews, result.merged || jsonb_build_object(
      'id', observed.id, 'repository_id', repo_id, 'pull_request_number', pull_request_number,
      'clock', observed.clock, 'fetched_at', fetched_at, 'listed_at', fetched_at
    ))
    on conflict do nothing;
    if found then
      return 'newer';
    end if;
  end if;
  select * into strict present from github.reviews r where r.id = observed.id for update;

  decided := case
    when present.state = 'DISMISSED' and observed.state <> 'DISMISSED' then 'older'
    when present.deleted_at is not null then
      case when coalesce(fetched_at, observed.clock) > present.deleted_at then 'newer' else 'older' end
    when present.state <> 'DISMISSED' and observed.state = 'DISMISSED' then 'newer'
  end;
  result := capture.merge_known(
    columns, to_jsonb(present), present.clock, present.fetched_at, known, observed.clock, fetched_at, decided
  );
  if result.outcome = 'ambiguous' then
    return result.outcome;
  end if;
  if result.outcome = 'newer' or fetched_at is not null or present.column_clocks <> result.merged -> 'column_clocks' then
    perform capture.replace_review(result.merged || jsonb_build_object(
      'deleted_at', case when decided is distinct from 'newer' then present.deleted_at end,
      'clock', result.clock,
      'fetched_at', result.fetched_at,
      'listed_at', greatest(present.listed_at, merge_review.fetched_at)
    ));
  end if;
  return case
    when result.outcome = 'newer' and present.deleted_at is null
      and result.merged - array['author_association', 'column_clocks'] = to_jsonb(present) - array['author_association', 'column_clocks']
    then 'same' else result.outcome
  end;
end $$;

-- Merges reviews of one pull request. `pull_request` is what the payload contains about it, or null. `finished` completes the job if nothing is
-- ambiguous. Returns { ambiguous: clock | absent } and the result of capture.ensure_pull_request.
create function public.capture_merge_reviews(context jsonb, number integer, pull_request jsonb, reviews jsonb, finished boolean)
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
    outcome := capture.merge_review(repo_id, number, item, (context ->> 'fetched_at')::timestamptz);
    if outcome = 'newer' then
      rows_written := rows_written + 1;
    elsif outcome = 'ambiguous' then
      ambiguous := greatest(ambiguous, (item ->> 'clock')::timestamptz);
    end if;
  end loop;
  perform capture.record_step(context, rows_written, finished and ambiguous is null);
  return jsonb_strip_nulls(jsonb_build_object('ambiguous', ambiguous)) || ensured;
end $$;

select capture.restrict_access();
