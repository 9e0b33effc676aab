-- Reconcilers: comparisons of the rows with GitHub, which find lost changes.

create table capture.checkpoints (
  name text primary key,
  processed_until timestamptz,
  succeeded_at timestamptz not null
);
alter table capture.checkpoints enable row level security;
comment on table capture.checkpoints is 'The progress of reconcilers and alerts, one row for each.';
comment on column capture.checkpoints.processed_until is 'Everything before this moment was processed. Null for a reconciler without such a moment.';
comment on column capture.checkpoints.succeeded_at is 'When the last successful run ended.';

-- Returns null before the first success.
create function public.capture_get_checkpoint(name text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select to_jsonb(c) from capture.checkpoints c where c.name = capture_get_checkpoint.name
$$;

-- Returns [{ name, processed_until, succeeded_at }].
create function public.capture_list_checkpoints()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(c) order by c.name), '[]') from capture.checkpoints c
$$;

-- Moves a checkpoint forward. It never moves back.
create function public.capture_move_checkpoint(name text, processed_until timestamptz)
returns void language sql security definer set search_path = '' as $$
  insert into capture.checkpoints as present values (name, processed_until, now())
  on conflict on constraint checkpoints_pkey do update set
    processed_until = greatest(present.processed_until, excluded.processed_until), succeeded_at = excluded.succeeded_at
$$;

-- Begins or continues a reconciler's job. context: { installation_id: null, job }.
create function public.capture_record_reconciling(context jsonb)
returns void language sql security definer set search_path = '' as $$
  select capture.record_step(context, 0, false)
$$;

-- Completes a reconciler's job and moves its checkpoint, if it has one. `asked_for` is the number of redeliveries, replays, syncs or events that
-- it caused.
create function public.capture_finish_reconciling(context jsonb, checkpoint text, processed_until timestamptz, asked_for integer)
returns void language plpgsql security definer set search_path = '' as $$
begin
  if checkpoint is not null then
    perform public.capture_move_checkpoint(checkpoint, processed_until);
  end if;
  perform capture.record_step(context, 0, true);
  update capture.jobs j set done = asked_for, total = asked_for where j.event_id = context #>> '{job,event_id}';
end $$;

-- Returns the repositories to sync: those with updates since the last sync, rows that differ from GitHub, gaps, a failed first sync, or an
-- inventory that is due. Records GitHub's count of pull requests for the others.
--
-- states: [{ id, counted_at, total, newest: [{ number, updated_at, comments }] }], GitHub's answer at `counted_at`: the number of pull requests, and
-- those that were updated last. counted_at is null for a repository that GitHub could not show: it may have moved.
--
-- Returns [{ repository: { id, owner, name }, installation_id, since, inventory }]: the sync goes back to `since` (null: all history). It takes a
-- complete inventory once a day, when the argument `inventory` requests one, or when rows differ that were not updated since. A repository that
-- is being synced is left out, unless an inventory is requested.
create function public.capture_compare_repositories(states jsonb, inventory boolean)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  different jsonb;
begin
  with compared as (
    select
      r.id, r.owner, r.name, r.installation_id, r.synced_at, r.history_since,
      coalesce(r.inventoried_at < now() - interval '1 day', true) as is_inventory_due,
      -- GitHub's replicas lag by seconds, so the last sync can have missed an update just before it.
      s.counted_at is null or exists (
        select from jsonb_to_recordset(s.newest) as n (updated_at timestamptz) where n.updated_at > r.synced_at - interval '1 minute'
      ) as has_moved,
      exists (
        select from jsonb_to_recordset(s.newest) as n (number integer, updated_at timestamptz, comments integer)
        left join capture.coverage c on c.repository_id = r.id and c.number = n.number
        left join github.pull_requests p on p.repository_id = r.id and p.number = n.number
        where n.updated_at < s.counted_at - capture.webhook_delay() and n.updated_at >= r.history_since
          and capture.is_due(c.skipped_at, c.times_skipped, s.counted_at)
          and (
            coalesce(p.updated_at < n.updated_at, true)
            or n.comments - c.issue_comments_unlisted - c.review_comments_unlisted <> c.issue_comments + c.review_comments
          )
      ) as is_missed,
      exists (
        select from capture.coverage c
        where c.repository_id = r.id and c.incomplete
          and (c.captured or c.github_updated_at >= r.history_since)
          and capture.is_due(c.skipped_at, c.times_skipped, s.counted_at)
      ) as has_gaps,
      -- The first sync failed, or its event was lost.
      r.synced_at is null and (r.history_since is not null or r.sync_requested_at < now() - interval '6 hours') as is_unread
    from jsonb_to_recordset(states) as s (id bigint, counted_at timestamptz, newest jsonb)
    join github.repositories r on r.id = s.id
    where r.name is not null and capture.stop_reason(r.installation_id, r.id) is null
      and (capture_compare_repositories.inventory or not exists (
        select from capture.jobs j
        where j.repository_id = r.id and j.event_name = 'capture/repository.sync' and j.number is null
          and j.state not in ('completed', 'failed', 'cancelled') and j.created_at > now() - interval '1 day'
      ))
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'repository', jsonb_build_object('id', c.id, 'owner', c.owner, 'name', c.name),
    'installation_id', c.installation_id,
    'since', nullif(coalesce(c.synced_at, c.history_since), '-infinity'),
    'inventory', c.is_inventory_due or c.is_missed or capture_compare_repositories.inventory
  ) order by c.id), '[]') into different
  from compared c
  where c.is_unread
    or (
      c.synced_at is not null
      and (c.has_moved or c.is_missed or c.has_gaps or c.is_inventory_due or capture_compare_repositories.inventory)
    );

  update github.repositories r set pull_requests = s.total, pull_requests_counted_at = s.counted_at
  from jsonb_to_recordset(states) as s (id bigint, counted_at timestamptz, total integer)
  where r.id = s.id and coalesce(r.pull_requests_counted_at < s.counted_at, true) and s.counted_at is not null
    and not different @> jsonb_build_array(jsonb_build_object('repository', jsonb_build_object('id', r.id)));
  return different;
end $$;

-- Compares an installation as GitHub lists it, { id, repositories: [{ id, owner, name, private }] }, with the rows. Returns { known, suspended,
-- added, removed, renamed }: `known` is false for an installation without a payload; the last three are lists of repositories whose webhooks were
-- lost.
create function public.capture_compare_installation(installation jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  with listed as (
    select * from jsonb_to_recordset(installation -> 'repositories') as l (id bigint, owner text, name text, private boolean)
  ), captured as (
    select r.* from github.repositories r
    where r.installation_id = (installation ->> 'id')::bigint and r.removed_at is null and r.deleted_at is null
  )
  select jsonb_build_object(
    'known', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.account_id is not null),
    'suspended', exists (select from github.installations i where i.id = (installation ->> 'id')::bigint and i.suspended_at is not null),
    'added', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]') from listed l where not exists (select from captured c where c.id = l.id)
    ),
    'removed', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'owner', c.owner, 'name', c.name, 'private', coalesce(c.private, false)) order by c.id), '[]')
      from captured c where c.name is not null and not exists (select from listed l where l.id = c.id)
    ),
    'renamed', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]')
      from listed l join captured c on c.id = l.id and (c.owner, c.name) is distinct from (l.owner, l.name)
    )
  )
$$;

-- Returns the ids of installations that were not deleted.
create function public.capture_list_installations()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(i.id order by i.id), '[]') from github.installations i where i.deleted_at is null
$$;

-- Returns the repositories that are read without an installation and whose history is captured: [{ id, owner, name }].
create function public.capture_list_public_repositories()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name) order by r.id), '[]')
  from github.repositories r
  where r.installation_id is null and r.deleted_at is null and r.name is not null and r.history_since is not null
$$;

-- Summarizes the jobs that failed after the checkpoint `name`, or after `without` if there is no checkpoint yet, and not after `until`: { total,
-- reasons: [{ event_name, message, count, job_id, repository, number }] }, at most max_reasons, the most frequent first. Messages that differ only
-- in numbers are one reason. job_id is its newest job.
create function public.capture_summarize_failures(name text, without timestamptz, until timestamptz, max_reasons integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with failed as (
    select j.* from capture.jobs j
    where j.state = 'failed' and j.finished_at <= until
      and j.finished_at > coalesce((select c.processed_until from capture.checkpoints c where c.name = capture_summarize_failures.name), without)
  ), reasons as (
    select
      f.event_name, regexp_replace(coalesce(f.error ->> 'message', ''), '\d+', '#', 'g') as message,
      count(*) as count, max(f.id) as job_id
    from failed f group by 1, 2
  )
  select jsonb_build_object(
    'total', (select count(*) from failed),
    'reasons', (
      select coalesce(jsonb_agg(
        to_jsonb(r) || jsonb_build_object('repository', j.repository, 'number', j.number) order by r.count desc, r.job_id
      ), '[]')
      from (select * from reasons order by count desc, job_id limit max_reasons) as r
      join capture.jobs j on j.id = r.job_id
    )
  )
$$;

select capture.restrict_access();
