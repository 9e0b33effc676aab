-- Reviews.
--
-- REST gives a review no updated_at, so its clock is the updated_at of the pull request in the payload that bore it, or
-- the date of the answer it was fetched with. A dismissed review stays dismissed. GitHub tells of no deletion: that one is inferred
-- from a listing without it, and yields to a newer sight.

-- Merges one: the columns of github.reviews with `clock`. Returns the outcome, 'newer' only where a row has changed.
create function capture.merge_review(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  observed github.reviews := jsonb_populate_record(null::github.reviews, item);
  present github.reviews;
  same_content boolean;
  outcome text;
begin
  observed.repository_id := repo_id;
  observed.pull_request_number := pull_request_number;
  observed.fetched_at := fetched_at;
  observed.listed_at := fetched_at;

  insert into github.reviews select (observed).* on conflict do nothing;
  if found then
    return 'newer';
  end if;
  select * into strict present from github.reviews r where r.id = observed.id for update;

  observed.commit_id := coalesce(observed.commit_id, present.commit_id); -- GitHub may keep it back
  same_content := capture.review_content(observed) = capture.review_content(present);
  outcome := case
    when present.state = 'DISMISSED' and observed.state <> 'DISMISSED' then 'older'
    when present.deleted_at is not null then
      case when coalesce(fetched_at, observed.clock) > present.deleted_at then 'newer' else 'older' end
    when present.state <> 'DISMISSED' and observed.state = 'DISMISSED' then 'newer'
    else capture.compare_observations(present.clock, present.fetched_at, observed.clock, fetched_at, same_content)
  end;

  if outcome = 'newer' then
    update github.reviews r set
      author_id = observed.author_id,
      author_association = observed.author_association,
      state = observed.state,
      body = observed.body,
      commit_id = observed.commit_id,
      submitted_at = observed.submitted_at,
      deleted_at = null,
      clock = observed.clock,
      fetched_at = observed.fetched_at,
      listed_at = greatest(present.listed_at, observed.listed_at)
    where r.id = observed.id;
  elsif outcome <> 'unsettled' and fetched_at is not null then
    update github.reviews r set listed_at = greatest(present.listed_at, observed.listed_at) where r.id = observed.id;
  end if;
  return case when outcome = 'newer' and same_content then 'same' else outcome end;
end $$;

-- Merges reviews of one pull request. `pull_request`: what the payload said of it, or null. `finished`: nothing follows if all was settled.
-- Returns { unsettled: clock | absent }, and what capture.meet_pull_request does.
create function public.capture_merge_reviews(context jsonb, number integer, pull_request jsonb, reviews jsonb, finished boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  met constant jsonb := capture.meet_pull_request(repo_id, number, pull_request, context #>> '{job,event_id}');
  item jsonb;
  outcome text;
  unsettled timestamptz;
  rows_written integer := 0;
begin
  for item in select value from jsonb_array_elements(reviews) order by (value ->> 'id')::bigint loop
    outcome := capture.merge_review(repo_id, number, item, (context ->> 'fetched_at')::timestamptz);
    if outcome = 'newer' then
      rows_written := rows_written + 1;
    elsif outcome = 'unsettled' then
      unsettled := greatest(unsettled, (item ->> 'clock')::timestamptz);
    end if;
  end loop;
  perform capture.note_step(context, rows_written, finished and unsettled is null);
  return jsonb_strip_nulls(jsonb_build_object('unsettled', unsettled)) || met;
end $$;

-- The columns in which two observations of the same second may differ.
create function capture.review_content(review github.reviews)
returns jsonb language sql immutable set search_path = '' as $$
  select to_jsonb(review) - array['author_association', 'clock', 'fetched_at', 'listed_at']
$$;
