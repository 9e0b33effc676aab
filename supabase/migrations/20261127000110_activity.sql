-- What the overview shows: activity over time, GitHub's budgets, and the state of each repository.

create table capture.deliveries (
  minute timestamptz not null,
  process uuid not null,
  accepted integer not null,
  refused integer not null,
  failed integer not null,
  primary key (minute, process)
);
alter table capture.deliveries enable row level security;
comment on table capture.deliveries is 'How many webhooks a process answered in a minute: 2xx, 4xx, 5xx.';

create table capture.budgets (
  installation_id bigint,
  resource text not null,
  "limit" integer not null,
  remaining integer not null,
  reset_at timestamptz not null,
  seen_at timestamptz not null,
  constraint budgets_key unique nulls not distinct (installation_id, resource)
);
alter table capture.budgets enable row level security;
comment on table capture.budgets is 'GitHub''s rate limits, as its last answers showed them. installation_id is null for GITHUB_TOKEN.';

-- Deletes jobs that finished before a moment and returns their number. The charts of activity go back a week.
create or replace function public.capture_prune_jobs(finished_before timestamptz)
returns integer language plpgsql security definer set search_path = '' as $$
declare
  pruned integer;
begin
  delete from capture.retries where at < now() - interval '8 days';
  delete from capture.deliveries where minute < now() - interval '8 days';
  delete from capture.jobs where finished_at < finished_before;
  get diagnostics pruned = row_count;
  return pruned;
end $$;

-- Counts webhooks that a process has answered since its last call, and keeps GitHub's newest answers about budgets.
--
-- deliveries: [{ minute, accepted, refused, failed }]. budgets: [{ installation_id, resource, limit, remaining, reset_at, seen_at }].
create function public.capture_record_activity(process uuid, deliveries jsonb, budgets jsonb)
returns void language sql security definer set search_path = '' as $$
  insert into capture.deliveries as present (minute, process, accepted, refused, failed)
  select d.minute, capture_record_activity.process, d.accepted, d.refused, d.failed
  from jsonb_to_recordset(capture_record_activity.deliveries) as d (minute timestamptz, accepted integer, refused integer, failed integer)
  order by d.minute
  on conflict on constraint deliveries_pkey do update set
    accepted = present.accepted + excluded.accepted,
    refused = present.refused + excluded.refused,
    failed = present.failed + excluded.failed;

  insert into capture.budgets as present (installation_id, resource, "limit", remaining, reset_at, seen_at)
  select b.installation_id, b.resource, b."limit", b.remaining, b.reset_at, b.seen_at
  from jsonb_to_recordset(capture_record_activity.budgets)
    as b (installation_id bigint, resource text, "limit" integer, remaining integer, reset_at timestamptz, seen_at timestamptz)
  order by b.installation_id, b.resource
  on conflict on constraint budgets_key do update set
    "limit" = excluded."limit", remaining = excluded.remaining, reset_at = excluded.reset_at, seen_at = excluded.seen_at
  where excluded.seen_at > present.seen_at
$$;

-- Returns the budgets with the accounts of their installations: [{ installation_id, account, resource, limit, remaining, reset_at, seen_at }].
create function public.capture_list_budgets()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(
    to_jsonb(b) || jsonb_build_object('account', a.login) order by a.login, b.installation_id, b.resource
  ), '[]')
  from capture.budgets b
  left join github.installations i on i.id = b.installation_id
  left join github.accounts a on a.id = i.account_id
  where i.deleted_at is null
$$;

-- Counts what happened since a moment, in buckets: { now, buckets: [{ at, accepted, refused, failed_deliveries, completed, failed, retried, lags }] }.
-- Buckets without anything are left out. lags: [{ ms, jobs }], from the change on GitHub to the end of its webhook's job, rounded down to tenths of
-- a second, or from a minute on to seconds.
create function public.capture_activity(since timestamptz, bucket_seconds integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with jobs as (
    select
      date_bin(make_interval(secs => bucket_seconds), j.finished_at, 'epoch') as at,
      j.state = 'failed' or j.replayed_at is not null as is_failed,
      j.state = 'completed' as is_completed,
      case when j.lag_ms < 60000 then j.lag_ms - j.lag_ms % 100 else j.lag_ms - j.lag_ms % 1000 end as lag_ms,
      count(*) as jobs
    from capture.jobs j where j.finished_at >= capture_activity.since group by 1, 2, 3, 4
  ), ended as (
    select
      at, sum(jobs) filter (where is_completed) as completed, sum(jobs) filter (where is_failed) as failed,
      jsonb_agg(jsonb_build_object('ms', lag_ms, 'jobs', jobs) order by lag_ms) filter (where lag_ms is not null) as lags
    from jobs group by at
  ), retried as (
    select date_bin(make_interval(secs => bucket_seconds), r.at, 'epoch') as at, count(*) as retried
    from capture.retries r where r.at >= capture_activity.since group by 1
  ), delivered as (
    select
      date_bin(make_interval(secs => bucket_seconds), d.minute, 'epoch') as at,
      sum(d.accepted) as accepted, sum(d.refused) as refused, sum(d.failed) as failed
    from capture.deliveries d where d.minute >= capture_activity.since group by 1
  )
  select jsonb_build_object('now', now(), 'buckets', coalesce(jsonb_agg(jsonb_build_object(
    'at', at,
    'accepted', coalesce(d.accepted, 0), 'refused', coalesce(d.refused, 0), 'failed_deliveries', coalesce(d.failed, 0),
    'completed', coalesce(e.completed, 0), 'failed', coalesce(e.failed, 0), 'retried', coalesce(r.retried, 0),
    'lags', coalesce(e.lags, '[]')
  ) order by at), '[]'))
  from ended e
  full join retried r using (at)
  full join delivered d using (at)
$$;

-- Returns what the analysis does not tell of repositories: [{ id, private, last_delivery_at, unfinished, sync }]. `unfinished` counts jobs. `sync`
-- is the running or else pending one.
create function public.capture_describe_repositories(ids bigint[])
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'private', r.private, 'last_delivery_at', delivery.at, 'sync', sync.job,
    'unfinished', (
      select count(*) from capture.jobs j where j.repository_id = r.id and j.state in ('pending', 'processing', 'retrying')
    )
  )), '[]')
  from github.repositories r
  left join lateral (
    select coalesce(j.queued_at, j.created_at) as at from capture.jobs j
    where j.repository_id = r.id and j.reason = 'webhook' and j.event_id not like 'replay:%'
    order by j.id desc limit 1
  ) as delivery on true
  left join lateral (
    select capture.to_job(j) as job from capture.jobs j
    where j.repository_id = r.id and j.event_name = 'capture/repository.sync' and j.number is null
      and j.state in ('pending', 'processing', 'retrying')
    order by j.state = 'pending', j.id desc limit 1
  ) as sync on true
  where r.id = any (ids)
$$;

-- Returns which jobs changed since a moment, newest first: { now, changes: [{ id, changed_at }] }. A transaction that commits later can have changed
-- a job before that moment.
create function public.capture_changed_jobs(since timestamptz, max_jobs integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('now', clock_timestamp(), 'changes', coalesce(jsonb_agg(to_jsonb(c) order by c.changed_at desc, c.id desc), '[]'))
  from (
    select j.id, j.changed_at from capture.jobs j where j.changed_at > capture_changed_jobs.since order by j.changed_at desc, j.id desc limit max_jobs
  ) as c
$$;

-- Returns jobs by their ids, newest first.
create function public.capture_get_jobs(ids bigint[])
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(capture.to_job(j) order by j.id desc), '[]') from capture.jobs j where j.id = any (ids)
$$;

select capture.restrict_access();
