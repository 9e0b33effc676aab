-- What GET /metrics shows: webhooks by event and outcome, and the state of captures, queue, reconcilers and budgets.

create table capture.delivery_totals (
  event text not null,
  outcome text not null,
  within_ms integer not null,
  deliveries bigint not null,
  seconds double precision not null,
  primary key (event, outcome, within_ms)
);
alter table capture.delivery_totals enable row level security;
comment on table capture.delivery_totals is 'Webhooks of all processes, and how long their answers took. Never pruned: one row for each kind of webhook and answer.';
comment on column capture.delivery_totals.outcome is 'accepted (2xx), refused (4xx) or failed (5xx).';
comment on column capture.delivery_totals.within_ms is 'The answer took at most as long, and longer than the next smaller bound. 2147483647: longer than all bounds.';
comment on column capture.delivery_totals.seconds is 'The sum of the answers'' times.';

-- Counts webhooks that a process has answered since its last call, and keeps GitHub's newest answers about budgets.
--
-- deliveries: [{ minute, accepted, refused, failed }]. budgets: [{ installation_id, resource, limit, remaining, reset_at, seen_at }].
-- totals: [{ event, outcome, within_ms, deliveries, seconds }].
drop function public.capture_record_activity(uuid, jsonb, jsonb);
create function public.capture_record_activity(process uuid, deliveries jsonb, budgets jsonb, totals jsonb default '[]')
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
  where excluded.seen_at > present.seen_at;

  insert into capture.delivery_totals as present (event, outcome, within_ms, deliveries, seconds)
  select t.event, t.outcome, t.within_ms, t.deliveries, t.seconds
  from jsonb_to_recordset(capture_record_activity.totals)
    as t (event text, outcome text, within_ms integer, deliveries bigint, seconds double precision)
  order by t.event, t.outcome, t.within_ms
  on conflict on constraint delivery_totals_pkey do update set
    deliveries = present.deliveries + excluded.deliveries, seconds = present.seconds + excluded.seconds
$$;

-- Returns what the metrics show. Captures, retries and lags are those of the last `window_seconds`. Budgets are at most `max_budgets`, those with the
-- least left. Each part reads an index or a small table, because it runs at every scrape.
--
-- { now, installations, repositories, deliveries: [{ event, outcome, within_ms, deliveries, seconds }], captures: [{ function, outcome, captures }],
--   jobs: [{ function, state, jobs }], retries, lags: [{ quantile, ms }], outbox: { waiting, oldest_at }, journal: { unstarted, oldest_at, resent,
--   given_up }, budgets: [{ installation_id, resource, limit, remaining }], reconcilers: [{ name, succeeded_at }] }
create function public.capture_metrics(window_seconds integer, max_budgets integer)
returns jsonb language sql stable security definer set search_path = '' as $$
  with ended as materialized (
    select
      j.event_name, j.lag_ms,
      case when j.state = 'failed' or j.replayed_at is not null then 'failed' else j.state::text end as outcome
    from capture.jobs j where j.finished_at >= now() - make_interval(secs => window_seconds)
  ), lags as (
    select percentile_disc(array[0.5, 0.9, 0.99]) within group (order by e.lag_ms) as ms from ended e where e.lag_ms is not null
  ), budgets as (
    select
      b.installation_id, b.resource, b."limit",
      case when b.reset_at <= now() then b."limit" else b.remaining end as remaining -- a new hour has begun
    from capture.budgets b left join github.installations i on i.id = b.installation_id
    where i.deleted_at is null
  )
  select jsonb_build_object(
    'now', now(),
    'installations', (select count(*) from github.installations i where i.deleted_at is null),
    'repositories', (select count(*) from github.repositories r where r.removed_at is null and r.deleted_at is null),
    'deliveries', (select coalesce(jsonb_agg(to_jsonb(d) order by d.event, d.outcome, d.within_ms), '[]') from capture.delivery_totals d),
    'captures', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.function, c.outcome), '[]')
      from (select e.event_name as function, e.outcome, count(*) as captures from ended e group by 1, 2) as c
    ),
    'jobs', (
      select coalesce(jsonb_agg(to_jsonb(o) order by o.function, o.state), '[]')
      from (
        select j.event_name as function, j.state, count(*) as jobs
        from capture.jobs j where j.state in ('pending', 'processing', 'retrying', 'failed') group by 1, 2
      ) as o
    ),
    'retries', (select count(*) from capture.retries r where r.at >= now() - make_interval(secs => window_seconds)),
    'lags', (
      select coalesce(jsonb_agg(jsonb_build_object('quantile', q.quantile, 'ms', q.ms) order by q.quantile) filter (where q.ms is not null), '[]')
      from lags l, unnest(array[0.5, 0.9, 0.99], l.ms) as q (quantile, ms)
    ),
    'outbox', public.capture_outbox_stats(),
    'journal', public.capture_journal_stats(),
    'budgets', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.installation_id, b.resource), '[]')
      from (
        select * from budgets b order by b.remaining::double precision / greatest(b."limit", 1), b.installation_id, b.resource limit max_budgets
      ) as b
    ),
    'reconcilers', (
      select coalesce(jsonb_agg(jsonb_build_object('name', c.name, 'succeeded_at', c.succeeded_at) order by c.name), '[]')
      from capture.checkpoints c where c.name like 'capture/%'
    )
  )
$$;

select capture.restrict_access();
