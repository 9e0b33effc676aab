-- A merge writes its pull request once, where each write also updates the row of capture.coverage. Files of the same head and base can change.

-- Merges what an observation contains of requested reviewers and teams into a row, without storing it. They have a clock of their own:
-- submitting a review removes its author from them, and only the review's payload shows that. Returns { outcome, columns }.
create function capture.with_reviewers(present github.pull_requests, item jsonb, fetched_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  observed constant github.pull_requests := jsonb_populate_record(null::github.pull_requests, item);
  result record;
begin
  result := capture.merge_known(
    array['requested_reviewers', 'requested_teams'],
    jsonb_build_object(
      'requested_reviewers', present.requested_reviewers, 'requested_teams', present.requested_teams,
      'column_clocks', present.column_clocks
    ),
    present.reviewers_clock, present.reviewers_fetched_at,
    capture.known_columns(
      jsonb_build_object('requested_reviewers', observed.requested_reviewers, 'requested_teams', observed.requested_teams), item
    ),
    observed.updated_at, fetched_at, null
  );
  return jsonb_build_object(
    'outcome', result.outcome,
    'columns', result.merged || jsonb_build_object('reviewers_clock', result.clock, 'reviewers_fetched_at', result.fetched_at)
  );
end $$;

-- Sets GitHub's counts of a row's comments, those that are newer than the known ones, or the higher ones of the same second. A null count is
-- unknown and changes nothing.
create function capture.with_comment_counts(
  present github.pull_requests, issue_comments integer, review_comments integer, counted_at timestamptz
)
returns github.pull_requests language plpgsql set search_path = '' as $$
begin
  if issue_comments is not null
    and (coalesce(present.comments_counted_at, '-infinity'), coalesce(present.comments, 0)) < (counted_at, issue_comments)
  then
    present.comments := issue_comments;
    present.comments_counted_at := counted_at;
  end if;
  if review_comments is not null
    and (coalesce(present.review_comments_counted_at, '-infinity'), coalesce(present.review_comments, 0)) < (counted_at, review_comments)
  then
    present.review_comments := with_comment_counts.review_comments;
    present.review_comments_counted_at := counted_at;
  end if;
  return present;
end $$;

-- Ensures that a pull request has a row, and locks it until the end of the transaction, so that merges of one pull request run one after
-- another. `partial` is what the payload of a review or comment contains about the pull request; null without one.
--
-- Returns { details_needed, reviewers_ambiguous: clock | absent }. details_needed is true for the event that created the stub, also when it
-- runs again: it has to request the details, as has an event whose reviewers are ambiguous.
create or replace function capture.ensure_pull_request(repository_id bigint, number integer, partial jsonb, event_id text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  observed constant jsonb := capture.with_current_titles(repository_id, partial, null);
  observed_clock constant timestamptz := (partial ->> 'updated_at')::timestamptz;
  details constant jsonb := observed - array['requested_reviewers', 'requested_teams'];
  defaults constant jsonb := jsonb '{
    "labels": [], "assignees": [], "requested_reviewers": [], "requested_teams": [], "files_truncated": false, "column_clocks": {}
  }';
  created boolean := false;
  present github.pull_requests;
  changed github.pull_requests;
  reviewers jsonb;
  reviewers_ambiguous timestamptz;
begin
  select * into present from github.pull_requests p
  where p.repository_id = ensure_pull_request.repository_id and p.number = ensure_pull_request.number
  for update;
  if not found then
    insert into github.pull_requests
    select * from jsonb_populate_record(null::github.pull_requests, defaults || coalesce(details, '{}') || jsonb_build_object(
      'repository_id', repository_id, 'number', number, 'details_requested_by', event_id
    ))
    on conflict do nothing;
    created := found;
    select * into strict present from github.pull_requests p
    where p.repository_id = ensure_pull_request.repository_id and p.number = ensure_pull_request.number
    for update;
  end if;
  changed := present;
  if not created and observed is not null then
    if coalesce(present.updated_at, '-infinity') < observed_clock then
      perform capture.record_contradiction(present, observed);
      changed.updated_at := observed_clock;
    end if;
    -- A listing creates stubs with nothing but a number. The first partial observation fills them.
    if present.details_clock is null and present.title is null then
      changed := jsonb_populate_record(changed, details || jsonb_build_object('updated_at', changed.updated_at));
      perform capture.replace_pull_request(to_jsonb(changed));
      present := changed;
    end if;
  end if;
  if observed ?| array['requested_reviewers', 'requested_teams'] then
    reviewers := capture.with_reviewers(changed, observed, null);
    changed := jsonb_populate_record(changed, reviewers -> 'columns');
    if reviewers ->> 'outcome' = 'ambiguous' then
      reviewers_ambiguous := observed_clock;
    end if;
  end if;
  if changed is distinct from present then
    update github.pull_requests p set
      updated_at = changed.updated_at,
      requested_reviewers = changed.requested_reviewers,
      requested_teams = changed.requested_teams,
      column_clocks = changed.column_clocks,
      reviewers_clock = changed.reviewers_clock,
      reviewers_fetched_at = changed.reviewers_fetched_at
    where p.repository_id = ensure_pull_request.repository_id and p.number = ensure_pull_request.number;
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'details_needed', present.details_clock is null and present.details_requested_by = event_id, 'reviewers_ambiguous', reviewers_ambiguous
  ));
end $$;

-- Merges one full observation: the known columns of github.pull_requests, or `assigned_users` instead of assignees when only users are known.
--
-- Returns { number, outcome: newer | older | same | ambiguous, clock }, and while the files of the row's head and base are not captured
-- files: { head_sha, base_ref, changed_files }. Other sizes of the same head and base are those of another diff: GitHub compares with the commit
-- where the two branches met, and finds a later one when the base was changed to another branch and back
-- (https://github.com/isaacs/github/issues/750). Then the captured files count as those of an old head.
create or replace function capture.merge_pull_request(repo_id bigint, item jsonb, fetched_at timestamptz, event_id text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  observed github.pull_requests;
  present github.pull_requests;
  changed github.pull_requests;
  result record;
  outcome text;
  reviewers jsonb;
  reviewers_outcome text;
begin
  item := capture.with_current_titles(repo_id, item, fetched_at);
  observed := jsonb_populate_record(null::github.pull_requests, item);
  perform capture.ensure_pull_request(repo_id, observed.number, null, event_id);
  select * into strict present from github.pull_requests p where p.repository_id = repo_id and p.number = observed.number;
  changed := present;
  if item ?| array['requested_reviewers', 'requested_teams'] then
    reviewers := capture.with_reviewers(changed, item, fetched_at);
    reviewers_outcome := reviewers ->> 'outcome';
    changed := jsonb_populate_record(changed, reviewers -> 'columns');
  end if;
  -- Label ids that one side lacks are filled in from the other.
  if observed.labels <> '{}' and array_position(coalesce(observed.label_ids, '{null}'), null) is not null then
    observed.label_ids := capture.fill_label_ids(observed.labels, observed.label_ids, changed.labels, changed.label_ids);
    item := item || jsonb_build_object('label_ids', observed.label_ids);
  end if;
  if changed.labels <> '{}' and array_position(coalesce(changed.label_ids, '{null}'), null) is not null and observed.label_ids is not null then
    changed.label_ids := capture.fill_label_ids(changed.labels, changed.label_ids, observed.labels, observed.label_ids);
  end if;

  result := capture.merge_known(
    capture.detail_columns(), capture.split_assignees(to_jsonb(changed)), changed.details_clock, changed.details_fetched_at,
    capture.split_assignees(capture.known_columns(to_jsonb(observed), item))
      || case when item ? 'assigned_users' then jsonb_build_object('assigned_users', item -> 'assigned_users') else '{}' end,
    observed.updated_at, fetched_at, null
  );
  outcome := result.outcome;
  if outcome <> 'ambiguous' then
    changed := jsonb_populate_record(changed, capture.join_assignees(result.merged));
    changed.details_clock := result.clock;
    changed.details_fetched_at := result.fetched_at;
  end if;
  if outcome = 'newer' then
    changed.updated_at := greatest(present.updated_at, observed.updated_at);
  end if;
  if outcome <> 'older' then -- an older answer comes from a lagging replica, whose counts lag too
    changed := capture.with_comment_counts(
      changed, observed.comments, observed.review_comments, coalesce(fetched_at, observed.updated_at)
    );
  end if;
  if (present.files_head_sha, present.files_base_ref) = (changed.head_sha, changed.base_ref)
    and (present.changed_files <> changed.changed_files or present.additions <> changed.additions or present.deletions <> changed.deletions)
  then
    changed.files_head_sha := null;
    changed.files_base_ref := null;
  end if;
  if changed is distinct from present then
    perform capture.replace_pull_request(to_jsonb(changed));
  end if;
  if outcome <> 'older' then
    perform capture.clear_stale(repo_id, observed.number, 'details', coalesce(fetched_at, observed.updated_at));
  end if;

  return jsonb_strip_nulls(jsonb_build_object(
    'number', observed.number,
    'outcome', case
      when reviewers_outcome = 'ambiguous' or (reviewers_outcome = 'newer' and outcome = 'same') then reviewers_outcome
      else outcome end,
    'clock', changed.details_clock,
    'files', case
      when (changed.files_head_sha, changed.files_base_ref) is distinct from (changed.head_sha, changed.base_ref)
        or (fetched_at is not null and capture.lacks_files(repo_id, observed.number))
      then jsonb_build_object('head_sha', changed.head_sha, 'base_ref', changed.base_ref, 'changed_files', changed.changed_files) end
  ));
end $$;

drop function capture.merge_reviewers(bigint, integer, jsonb, timestamptz);
drop function capture.record_comment_counts(bigint, integer, integer, integer, timestamptz);

select capture.restrict_access();
