-- Fewer writes and conversions for each merge of a pull request. The functions do what they did before.

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
  if not created and observed is not null then
    if coalesce(present.updated_at, '-infinity') < observed_clock then
      perform capture.record_contradiction(present, observed);
      update github.pull_requests p set updated_at = observed_clock
      where p.repository_id = ensure_pull_request.repository_id and p.number = ensure_pull_request.number;
    end if;
    -- A listing creates stubs with nothing but a number. The first partial observation fills them.
    if present.details_clock is null and present.title is null then
      perform capture.replace_pull_request(
        to_jsonb(present) || details || jsonb_build_object('updated_at', greatest(present.updated_at, observed_clock))
      );
    end if;
  end if;
  if observed ?| array['requested_reviewers', 'requested_teams'] then
    if capture.merge_reviewers(repository_id, number, observed, null) = 'ambiguous' then
      reviewers_ambiguous := observed_clock;
    end if;
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'details_needed', present.details_clock is null and present.details_requested_by = event_id, 'reviewers_ambiguous', reviewers_ambiguous
  ));
end $$;

-- Merges requested reviewers and teams, which have a clock of their own: submitting a review removes its author from them, and only the
-- review's payload shows that. Returns the outcome.
create or replace function capture.merge_reviewers(repo_id bigint, pull_request_number integer, item jsonb, fetched_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  observed constant github.pull_requests := jsonb_populate_record(null::github.pull_requests, item);
  present github.pull_requests;
  columns jsonb;
  result record;
begin
  select * into strict present from github.pull_requests p
  where p.repository_id = repo_id and p.number = merge_reviewers.pull_request_number;
  columns := jsonb_build_object(
    'requested_reviewers', present.requested_reviewers, 'requested_teams', present.requested_teams, 'column_clocks', present.column_clocks
  );
  result := capture.merge_known(
    array['requested_reviewers', 'requested_teams'], columns, present.reviewers_clock, present.reviewers_fetched_at,
    capture.known_columns(to_jsonb(observed), item), observed.updated_at, fetched_at, null
  );
  update github.pull_requests p set (requested_reviewers, requested_teams, column_clocks, reviewers_clock, reviewers_fetched_at) = (
    select m.requested_reviewers, m.requested_teams, m.column_clocks, result.clock, result.fetched_at
    from jsonb_populate_record(present, result.merged) as m
  )
  where p.repository_id = repo_id and p.number = merge_reviewers.pull_request_number
    and (columns, present.reviewers_clock, present.reviewers_fetched_at)
      is distinct from (result.merged, result.clock, result.fetched_at);
  return result.outcome;
end $$;

-- Records GitHub's counts of a pull request's comments like capture.record_count, both in one write.
create function capture.record_comment_counts(
  repo_id bigint, pull_request_number integer, issue_comments integer, review_comments integer, counted_at timestamptz
)
returns void language plpgsql set search_path = '' as $$
declare
  present github.pull_requests;
  newer_issue_comments boolean;
  newer_review_comments boolean;
begin
  select * into present from github.pull_requests p where p.repository_id = repo_id and p.number = pull_request_number;
  newer_issue_comments := issue_comments is not null
    and (coalesce(present.comments_counted_at, '-infinity'), coalesce(present.comments, 0)) < (counted_at, issue_comments);
  newer_review_comments := review_comments is not null
    and (coalesce(present.review_comments_counted_at, '-infinity'), coalesce(present.review_comments, 0)) < (counted_at, review_comments);
  if newer_issue_comments or newer_review_comments then
    update github.pull_requests p set
      comments = case when newer_issue_comments then issue_comments else p.comments end,
      comments_counted_at = case when newer_issue_comments then counted_at else p.comments_counted_at end,
      review_comments = case when newer_review_comments then record_comment_counts.review_comments else p.review_comments end,
      review_comments_counted_at = case when newer_review_comments then counted_at else p.review_comments_counted_at end
    where p.repository_id = repo_id and p.number = pull_request_number;
  end if;
end $$;

-- Merges one full observation: the known columns of github.pull_requests, or `assigned_users` instead of assignees when only users are known.
--
-- Returns { number, outcome: newer | older | same | ambiguous, clock }, and while the files of the row's head and base are not captured
-- files: { head_sha, base_ref, changed_files }.
create or replace function capture.merge_pull_request(repo_id bigint, item jsonb, fetched_at timestamptz, event_id text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  observed github.pull_requests;
  present github.pull_requests;
  result record;
  outcome text;
  reviewers_outcome text;
begin
  item := capture.with_current_titles(repo_id, item, fetched_at);
  observed := jsonb_populate_record(null::github.pull_requests, item);
  perform capture.ensure_pull_request(repo_id, observed.number, null, event_id);
  if item ?| array['requested_reviewers', 'requested_teams'] then
    reviewers_outcome := capture.merge_reviewers(repo_id, observed.number, item, fetched_at);
  end if;
  select * into strict present from github.pull_requests p where p.repository_id = repo_id and p.number = observed.number;
  -- Label ids that one side lacks are filled in from the other.
  if observed.labels <> '{}' and array_position(coalesce(observed.label_ids, '{null}'), null) is not null then
    observed.label_ids := capture.fill_label_ids(observed.labels, observed.label_ids, present.labels, present.label_ids);
    item := item || jsonb_build_object('label_ids', observed.label_ids);
  end if;
  if present.labels <> '{}' and array_position(coalesce(present.label_ids, '{null}'), null) is not null and observed.label_ids is not null then
    present.label_ids := capture.fill_label_ids(present.labels, present.label_ids, observed.labels, observed.label_ids);
    update github.pull_requests p set label_ids = present.label_ids
    where p.repository_id = repo_id and p.number = observed.number and p.label_ids is distinct from present.label_ids;
  end if;

  result := capture.merge_known(
    capture.detail_columns(), capture.split_assignees(to_jsonb(present)), present.details_clock, present.details_fetched_at,
    capture.split_assignees(capture.known_columns(to_jsonb(observed), item))
      || case when item ? 'assigned_users' then jsonb_build_object('assigned_users', item -> 'assigned_users') else '{}' end,
    observed.updated_at, fetched_at, null
  );
  outcome := result.outcome;
  if outcome <> 'ambiguous' and (
    outcome = 'newer' or present.details_fetched_at is distinct from result.fetched_at
    or present.column_clocks <> result.merged -> 'column_clocks'
  ) then
    perform capture.replace_pull_request(capture.join_assignees(result.merged) || jsonb_build_object(
      'updated_at', case when outcome = 'newer' then greatest(present.updated_at, observed.updated_at) else present.updated_at end,
      'details_clock', result.clock,
      'details_fetched_at', result.fetched_at
    ));
  end if;

  if outcome <> 'older' then -- an older answer comes from a lagging replica, whose counts lag too
    perform capture.clear_stale(repo_id, observed.number, 'details', coalesce(fetched_at, observed.updated_at));
    perform capture.record_comment_counts(
      repo_id, observed.number, observed.comments, observed.review_comments, coalesce(fetched_at, observed.updated_at)
    );
  end if;

  select * into strict present from github.pull_requests p where p.repository_id = repo_id and p.number = observed.number;
  return jsonb_strip_nulls(jsonb_build_object(
    'number', observed.number,
    'outcome', case
      when reviewers_outcome = 'ambiguous' or (reviewers_outcome = 'newer' and outcome = 'same') then reviewers_outcome
      else outcome end,
    'clock', present.details_clock,
    'files', case
      when (present.files_head_sha, present.files_base_ref) is distinct from (present.head_sha, present.base_ref)
        or (fetched_at is not null and capture.lacks_files(repo_id, observed.number))
      then jsonb_build_object('head_sha', present.head_sha, 'base_ref', present.base_ref, 'changed_files', present.changed_files) end
  ));
end $$;

select capture.restrict_access();
