-- Full observations: pull_request payloads and fetched pull requests.
--
-- The newest by updated_at replaces every captured column. A partial observation may have raised updated_at further: it is
-- never lowered. GitHub's counts of comments bear clocks of their own, since a listing can count them at another moment.

-- Merges one: the columns of github.pull_requests; a count that was not seen is null. Returns { number, outcome: newer | older | same |
-- unsettled, clock, and, while the files of the row's present head and base are not captured, files: { head_sha, base_ref, changed_files } }.
create function capture.merge_pull_request(repo_id bigint, item jsonb, fetched_at timestamptz, event_id text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  observed github.pull_requests := jsonb_populate_record(null::github.pull_requests, item);
  present github.pull_requests;
  outcome text;
  reviewers_outcome text;
begin
  perform capture.meet_pull_request(repo_id, observed.number, null, event_id);
  select * into strict present from github.pull_requests p where p.repository_id = repo_id and p.number = observed.number;
  observed.repository_id := repo_id;
  if observed.merged and observed.merge_commit_sha is null then
    observed.merge_commit_sha := present.merge_commit_sha; -- GitHub may keep it back
  end if;
  if item ? 'requested_reviewers' then
    reviewers_outcome := capture.merge_reviewers(repo_id, observed.number, item, fetched_at);
  end if;

  outcome := capture.compare_observations(
    present.details_clock, present.details_fetched_at, observed.updated_at, fetched_at,
    capture.pull_request_content(observed) = capture.pull_request_content(present)
  );

  if outcome = 'newer' then
    update github.pull_requests p set
      id = observed.id,
      title = observed.title,
      body = observed.body,
      state = observed.state,
      draft = observed.draft,
      locked = observed.locked,
      active_lock_reason = observed.active_lock_reason,
      author_id = observed.author_id,
      author_association = observed.author_association,
      head_ref = observed.head_ref,
      head_sha = observed.head_sha,
      head_repository_id = observed.head_repository_id,
      base_ref = observed.base_ref,
      base_sha = observed.base_sha,
      labels = observed.labels,
      assignees = observed.assignees,
      milestone_number = observed.milestone_number,
      milestone_title = observed.milestone_title,
      auto_merge_method = observed.auto_merge_method,
      merged = observed.merged,
      merged_by_id = observed.merged_by_id,
      merge_commit_sha = observed.merge_commit_sha,
      additions = observed.additions,
      deletions = observed.deletions,
      changed_files = observed.changed_files,
      commits = observed.commits,
      created_at = observed.created_at,
      updated_at = greatest(present.updated_at, observed.updated_at),
      closed_at = observed.closed_at,
      merged_at = observed.merged_at,
      details_clock = observed.updated_at,
      details_fetched_at = fetched_at
    where p.repository_id = repo_id and p.number = observed.number;
  elsif outcome = 'same' and fetched_at > coalesce(present.details_fetched_at, '-infinity') then
    update github.pull_requests p set details_fetched_at = fetched_at
    where p.repository_id = repo_id and p.number = observed.number;
  end if;

  if outcome <> 'older' then -- what has read a lagging replica counts no better
    perform capture.keep_count(repo_id, observed.number, 'issue', observed.comments, coalesce(fetched_at, observed.updated_at));
    perform capture.keep_count(repo_id, observed.number, 'review', observed.review_comments, coalesce(fetched_at, observed.updated_at));
  end if;

  select * into strict present from github.pull_requests p where p.repository_id = repo_id and p.number = observed.number;
  return jsonb_strip_nulls(jsonb_build_object(
    'number', observed.number,
    'outcome', case
      when reviewers_outcome = 'unsettled' or (reviewers_outcome = 'newer' and outcome = 'same') then reviewers_outcome
      else outcome end,
    'clock', present.details_clock,
    'files', case
      when (present.files_head_sha, present.files_base_ref) is distinct from (present.head_sha, present.base_ref)
        or (fetched_at is not null and capture.lacks_files(repo_id, observed.number))
      then jsonb_build_object('head_sha', present.head_sha, 'base_ref', present.base_ref, 'changed_files', present.changed_files) end
  ));
end $$;

-- Merges one observed or fetched pull request. Its job is done if nothing has to follow.
create function public.capture_merge_pull_request(context jsonb, pull_request jsonb)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  result constant jsonb := capture.merge_pull_request(
    capture.observe(context), pull_request, (context ->> 'fetched_at')::timestamptz, context #>> '{job,event_id}'
  );
begin
  perform capture.note_step(
    context, case when result ->> 'outcome' = 'newer' then 1 else 0 end, result ->> 'outcome' <> 'unsettled' and not result ? 'files'
  );
  return result;
end $$;

-- The columns in which two observations of the same second may differ.
create function capture.pull_request_content(pull_request github.pull_requests)
returns jsonb language sql immutable set search_path = '' as $$
  select to_jsonb(pull_request) - array[
    'updated_at', 'author_association', 'requested_reviewers', 'requested_teams', 'comments', 'review_comments', 'reviews', 'files_head_sha', 'files_base_ref',
    'files_truncated', 'details_clock', 'details_fetched_at', 'details_requested_by', 'reviewers_clock', 'reviewers_fetched_at',
    'comments_counted_at', 'review_comments_counted_at', 'reviews_counted_at'
  ]
$$;

-- Keeps GitHub's newest count of a pull request's comments (kind issue or review) or reviews (kind submitted), of one second the
-- higher. A null tells nothing.
create function capture.keep_count(repo_id bigint, pull_request_number integer, kind text, total integer, counted_at timestamptz)
returns void language sql set search_path = '' as $$
  update github.pull_requests p set
    comments = case when kind = 'issue' then total else p.comments end,
    comments_counted_at = case when kind = 'issue' then counted_at else p.comments_counted_at end,
    review_comments = case when kind = 'review' then total else p.review_comments end,
    review_comments_counted_at = case when kind = 'review' then counted_at else p.review_comments_counted_at end,
    reviews = case when kind = 'submitted' then total else p.reviews end,
    reviews_counted_at = case when kind = 'submitted' then counted_at else p.reviews_counted_at end
  where p.repository_id = repo_id and p.number = pull_request_number and total is not null
    and case kind
      when 'issue' then (coalesce(p.comments_counted_at, '-infinity'), coalesce(p.comments, 0))
      when 'review' then (coalesce(p.review_comments_counted_at, '-infinity'), coalesce(p.review_comments, 0))
      else (coalesce(p.reviews_counted_at, '-infinity'), coalesce(p.reviews, 0))
    end < (counted_at, total)
$$;

-- Replaces the file list as a whole, if it is the list of the head and base that the row has now. list: { head_sha, base_ref, files,
-- truncated }. Returns how many rows are new with it, none for a list that was there already in full; null when the pull request has moved on, and
-- the list is of no use.
create function capture.replace_files(repo_id bigint, pull_request_number integer, list jsonb)
returns integer language plpgsql set search_path = '' as $$
declare
  known constant boolean := exists (
    select from github.pull_requests p
    where p.repository_id = repo_id and p.number = replace_files.pull_request_number
      and p.files_head_sha = list ->> 'head_sha' and p.files_base_ref = list ->> 'base_ref'
  );
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
  delete from github.pull_request_files f where f.repository_id = repo_id and f.pull_request_number = replace_files.pull_request_number;
  get diagnostics replaced = row_count;
  insert into github.pull_request_files
  select repo_id, pull_request_number, listed.*
  from jsonb_to_recordset(list -> 'files') as listed (
    filename text, status text, additions integer, deletions integer, changes integer, previous_filename text
  )
  on conflict do nothing;
  perform capture.note_unlisted(repo_id, pull_request_number, known);
  return jsonb_array_length(list -> 'files') - case when known then least(replaced, jsonb_array_length(list -> 'files')) else 0 end;
end $$;

-- Replaces one pull request's files, and ends its job. Returns whether it did: false when the pull request has moved on.
create function public.capture_replace_files(context jsonb, number integer, list jsonb)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.observe(context);
  rows_written integer;
begin
  perform capture.meet_pull_request(repo_id, number, null, context #>> '{job,event_id}');
  rows_written := capture.replace_files(repo_id, number, list);
  perform capture.note_step(context, coalesce(rows_written, 0), true);
  return rows_written is not null;
end $$;
