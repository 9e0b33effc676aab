-- Comments, both kinds, ordered by updated_at. A delivered deletion is final: it bears the comment's last content, and
-- nothing after it counts. A deletion that was only inferred, from a listing without the comment, yields to a newer sight of it.

-- Merges one: the columns of github.comments; `deleted_at` only where a deletion was delivered. Returns the outcome.
create function capture.merge_comment(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  observed github.comments := jsonb_populate_record(null::github.comments, '{"deletion_inferred": false}' || item);
  present github.comments;
  outcome text;
begin
  observed.repository_id := repo_id;
  observed.pull_request_number := pull_request_number;
  observed.fetched_at := fetched_at;
  observed.listed_at := fetched_at;

  insert into github.comments select (observed).* on conflict do nothing;
  if found then
    return 'newer';
  end if;
  select * into strict present from github.comments c where c.kind = observed.kind and c.id = observed.id for update;

  outcome := case
    when observed.deleted_at is not null then
      case when present.deleted_at is null or present.deletion_inferred then 'newer' else 'same' end
    when present.deleted_at is not null then
      case when present.deletion_inferred and coalesce(fetched_at, observed.updated_at) > present.deleted_at then 'newer' else 'older' end
    else capture.compare_observations(
      present.updated_at, present.fetched_at, observed.updated_at, fetched_at,
      capture.comment_content(observed) = capture.comment_content(present)
    )
  end;

  if outcome = 'newer' then
    update github.comments c set
      author_id = observed.author_id,
      author_association = observed.author_association,
      body = observed.body,
      created_at = observed.created_at,
      updated_at = observed.updated_at,
      pull_request_review_id = observed.pull_request_review_id,
      in_reply_to_id = observed.in_reply_to_id,
      path = observed.path,
      diff_hunk = observed.diff_hunk,
      original_commit_id = observed.original_commit_id,
      original_position = observed.original_position,
      original_line = observed.original_line,
      original_start_line = observed.original_start_line,
      side = observed.side,
      start_side = observed.start_side,
      subject_type = observed.subject_type,
      deleted_at = observed.deleted_at,
      deletion_inferred = false,
      fetched_at = observed.fetched_at,
      listed_at = greatest(present.listed_at, observed.listed_at)
    where c.kind = observed.kind and c.id = observed.id;
  elsif outcome <> 'unsettled' and fetched_at is not null then
    update github.comments c set
      fetched_at = case when outcome = 'same' then greatest(present.fetched_at, observed.fetched_at) else present.fetched_at end,
      listed_at = greatest(present.listed_at, observed.listed_at)
    where c.kind = observed.kind and c.id = observed.id;
  end if;
  return outcome;
end $$;

-- Merges comments of one pull request. `pull_request`: what the payload said of it, or null. `finished`: nothing follows if all was
-- settled. Returns { unsettled: clock | absent }, and what capture.meet_pull_request does.
create function public.capture_merge_comments(context jsonb, number integer, pull_request jsonb, comments jsonb, finished boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  fetched_at constant timestamptz := (context ->> 'fetched_at')::timestamptz;
  met constant jsonb := capture.meet_pull_request(repo_id, number, pull_request, context #>> '{job,event_id}');
  item jsonb;
  outcome text;
  unsettled timestamptz;
  rows_written integer := 0;
begin
  for item in select value from jsonb_array_elements(comments) order by value ->> 'kind', (value ->> 'id')::bigint loop
    outcome := capture.merge_comment(repo_id, number, item - array['resolved', 'resolved_clock'], fetched_at);
    if outcome = 'unsettled' then
      unsettled := greatest(unsettled, (item ->> 'updated_at')::timestamptz);
    end if;
    if item ? 'resolved' then
      case capture.resolve_thread(
        (item ->> 'id')::bigint, (item ->> 'resolved')::boolean, (item ->> 'resolved_clock')::timestamptz, fetched_at
      )
        when 'newer' then outcome := 'newer';
        when 'unsettled' then unsettled := greatest(unsettled, (item ->> 'resolved_clock')::timestamptz);
        else null;
      end case;
    end if;
    rows_written := rows_written + case when outcome = 'newer' then 1 else 0 end;
  end loop;
  perform capture.note_step(context, rows_written, finished and unsettled is null);
  return jsonb_strip_nulls(jsonb_build_object('unsettled', unsettled)) || met;
end $$;

-- The columns in which two observations of the same second may differ.
create function capture.comment_content(comment github.comments)
returns jsonb language sql immutable set search_path = '' as $$
  select to_jsonb(comment) - array[
    'author_association', 'fetched_at', 'listed_at', 'deleted_at', 'deletion_inferred', 'resolved', 'resolved_clock', 'resolved_fetched_at'
  ]
$$;

-- Notes on a thread's first comment whether the thread is resolved. The clock is the payload's updated_at, or the date of the
-- answer. Returns the outcome: 'newer' only where it has changed, 'same' also where there is no such comment.
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

-- Notes for fetched threads, [{ comment_id, resolved }], whether they are resolved. Returns how many rows that changed.
create function capture.resolve_threads(threads jsonb, fetched_at timestamptz)
returns integer language sql set search_path = '' as $$
  select (count(*) filter (
    where capture.resolve_thread(thread.comment_id, thread.resolved, fetched_at, fetched_at) = 'newer'
  ))::integer
  from (select * from jsonb_to_recordset(threads) as listed (comment_id bigint, resolved boolean) order by comment_id) as thread
$$;

create function public.capture_merge_threads(context jsonb, threads jsonb)
returns void language plpgsql security definer set search_path = '' as $$
begin
  perform capture.observe(context);
  perform capture.note_step(context, capture.resolve_threads(threads, (context ->> 'fetched_at')::timestamptz), false);
end $$;

-- Ends a complete listing of one kind, issue, review (comments) or submitted (reviews): all pages, read by one capture that began at
-- `began_at`. What existed before it began and was not in it is gone. A complete listing is also GitHub's count. Returns how many
-- are gone.
create function capture.finish_listing(repo_id bigint, pull_request_number integer, listed_kind text, began_at timestamptz)
returns integer language plpgsql set search_path = '' as $$
declare
  listed integer;
  gone integer;
begin
  if listed_kind = 'submitted' then
    select count(*) into listed from github.reviews r
    where r.repository_id = repo_id and r.pull_request_number = finish_listing.pull_request_number
      and r.listed_at >= began_at and r.deleted_at is null;
    update github.reviews r set deleted_at = began_at
    where r.repository_id = repo_id and r.pull_request_number = finish_listing.pull_request_number
      and r.deleted_at is null and greatest(r.submitted_at, r.clock) < began_at and coalesce(r.listed_at, '-infinity') < began_at;
  else
    select count(*) into listed from github.comments c
    where c.kind = listed_kind and c.repository_id = repo_id and c.pull_request_number = finish_listing.pull_request_number
      and c.listed_at >= began_at and c.deleted_at is null;
    update github.comments c set deleted_at = began_at, deletion_inferred = true
    where c.kind = listed_kind and c.repository_id = repo_id and c.pull_request_number = finish_listing.pull_request_number
      and c.deleted_at is null and greatest(c.created_at, c.updated_at) < began_at and coalesce(c.listed_at, '-infinity') < began_at;
  end if;
  get diagnostics gone = row_count;
  perform capture.keep_count(repo_id, pull_request_number, listed_kind, listed, began_at);
  return gone;
end $$;

-- Ends complete listings of one pull request, and the job.
create function public.capture_finish_listing(context jsonb, number integer, kinds text[], began_at timestamptz)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  gone integer;
begin
  perform capture.meet_pull_request(repo_id, number, null, context #>> '{job,event_id}');
  select sum(capture.finish_listing(repo_id, number, kind, began_at)) into gone from unnest(kinds) as kind;
  perform capture.note_step(context, coalesce(gone, 0), true);
end $$;
