-- A sync that cannot read a review comment before it reads the pull requests still reads the comment's pull request.

-- Skips parts (details, reviews, issue_comments, review_comments) of pull requests that a sync could not read. They get captures of their own.
-- Without its details, the pull request itself is not read again by this sync.
create or replace function public.capture_leave_unread(context jsonb, numbers integer[], parts text[], began_at timestamptz)
returns void language plpgsql security definer set search_path = '' as $$
declare
  repo_id constant bigint := capture.begin_write(context);
begin
  perform capture.lock_pull_requests(repo_id, numbers);
  perform capture.mark_stale(repo_id, numbers, parts, began_at);
  update capture.coverage c set
    skipped_by = case when 'details' = any (parts) then context #>> '{job,event_id}' else c.skipped_by end,
    skipped_at = capture_leave_unread.began_at,
    times_skipped = c.times_skipped + case when c.skipped_at = capture_leave_unread.began_at then 0 else 1 end -- once for each sync
  where c.repository_id = repo_id and c.number = any (numbers);
  perform capture.record_step(context, 0, false);
  update capture.jobs j set left_behind = array(select distinct unnest(j.left_behind || numbers) order by 1)
  where j.event_id = context #>> '{job,event_id}';
end $$;

select capture.restrict_access();
