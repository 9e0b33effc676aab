-- Files of the same head and base can change.

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
  before github.pull_requests;
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

  before := present;
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
  if (before.files_head_sha, before.files_base_ref) = (present.head_sha, present.base_ref)
    and (before.changed_files <> present.changed_files or before.additions <> present.additions or before.deletions <> present.deletions)
  then
    update github.pull_requests p set files_head_sha = null, files_base_ref = null
    where p.repository_id = repo_id and p.number = observed.number
    returning * into strict present;
  end if;
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
