import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";

/**
 * Writes the jobs that two weeks of webhooks, backfills and failures leave: most completed within a second, one of 50 failed or retrying with one
 * of 40 errors, some pending. Three quarters ended in the last day. Every repository of the database gets its share.
 */
export async function fillJobs(db: SqlDatabase, total: number): Promise<void> {
  await db.query(
    `insert into capture.jobs (
       event_id, event_name, run_id, repository_id, repository, number, installation_id, reason, priority, state, attempts, error, event, data,
       observed_at, queued_at, created_at, started_at, stepped_at, finished_at, requests, points, rows_written, steps
     )
     select
       md5('delivery ' || n) || ':' || event_name, event_name, md5('run ' || n), r.id, r.full_name, 1 + n % 2000, r.installation_id,
       case when n % 5 = 0 then 'backfill' else 'webhook' end, case when n % 5 = 0 then 'low' else 'high' end::capture.priority,
       state::capture.job_state, 1 + n % 3,
       case when state in ('failed', 'retrying') then jsonb_build_object(
         'name', 'NonRetriableError', 'message', 'GitHub answered ' || 400 + n / 50 % 40 || ' to pulls/' || n || ': ' || repeat(chr(97 + (n / 50 % 20)::integer), 20),
         'stack', repeat('    at capture (file:///app/src/lib/inngest/captures/capture.ts:1:1) ', 8)
       ) end,
       case when state = 'failed' then data || jsonb_build_object('observed', jsonb_build_object('body', repeat('Some text. ', 200))) end,
       data, at - interval '1 second', at, at, at, at, case when state in ('completed', 'failed', 'cancelled') then at + interval '1 second' end,
       1, 0, 3,
       jsonb_build_array(jsonb_build_object('name', 'store-observed-pull-request', 'at', at, 'requests', 0, 'points', 0, 'rows_written', 1))
     from generate_series(1, $1::integer) as n
     join (select *, row_number() over (order by id) as position, count(*) over () as repositories from github.repositories) as r
       on r.position = 1 + n % r.repositories
     cross join lateral (
       select
         (array['capture/pr.details', 'capture/pr.reviews', 'capture/pr.comments'])[1 + n % 3] as event_name,
         case when n % 50 = 0 then 'failed' when n % 173 = 0 then 'retrying' when n > $1 - 50 then 'pending' else 'completed' end as state,
         now() - case when n < $1 / 4 then interval '1 day' + interval '12 days' * ($1 - n) / $1 else interval '23 hours' * ($1 - n) / $1 end as at
     ) as of_n
     cross join lateral (
       select jsonb_build_object(
         'repository', jsonb_build_object('id', r.id, 'owner', r.owner, 'name', r.name), 'number', 1 + n % 2000,
         'installationId', r.installation_id, 'reason', 'webhook', 'priority', 'high'
       ) as data
     ) as of_data`,
    [total],
  );
  await db.exec(
    `insert into capture.deliveries
     select minute, gen_random_uuid(), 50, 1, 0 from generate_series(date_trunc('minute', now() - interval '7 days'), now(), interval '1 minute') as minute;
     insert into capture.retries (at) select now() - interval '1 day' * random() from generate_series(1, 10000)`,
  );
}
