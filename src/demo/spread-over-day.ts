import type { RunningPrCapture } from "../testing/start-pr-capture.ts";
import type { SentDelivery } from "./postman.ts";

/** How long GitHub takes until it sends a webhook, in this story. */
const sendingMs = 400;

/**
 * Moves jobs, webhooks and rows to the time of day when they happened on GitHub, as if pr-capture had run all day and not for some seconds. Jobs
 * keep the time that they took.
 */
export async function spreadOverDay(
  { rows, services }: RunningPrCapture,
  sent: readonly SentDelivery[],
): Promise<void> {
  await rows.query(
    `update capture.jobs as job set
       queued_at = queued_at - shift, created_at = created_at - shift, started_at = started_at - shift,
       stepped_at = stepped_at - shift, finished_at = finished_at - shift
     from (
       -- Jobs of which GitHub's time is unknown follow the one before.
       select id, coalesce(queued_at, created_at) - coalesce(observed_at, max(observed_at) over (order by id)) - $1 * interval '1 ms' as shift
       from capture.jobs
     ) as earlier
     where job.id = earlier.id`,
    [sendingMs],
  );
  await services.activity.flush();
  await rows.query("delete from capture.deliveries");
  await rows.query(
    `insert into capture.deliveries (minute, process, accepted, refused, failed)
     select date_trunc('minute', at), gen_random_uuid(), count(*) filter (where status < 300), count(*) filter (where status between 400 and 499), 0
     from jsonb_to_recordset($1) as sent (at timestamptz, status integer) group by 1`,
    [JSON.stringify(sent.map(({ delivery, status }) => ({ at: delivery.at, status })))],
  );
  for (const [table, clock] of [
    ["pull_requests", "details_clock"],
    ["reviews", "clock"],
    ["comments", "updated_at"],
  ])
    await rows.query(
      `update github.${table} set captured_at = ${clock} + $1 * interval '1 ms' where captured_at is not null`,
      [sendingMs],
    );
  await rows.query(
    "update github.pull_requests set files_captured_at = captured_at where files_captured_at is not null",
  );
}
