import type { SqlDatabase, SqlQueries } from "../sql-database.ts";

/** A new run, stored with its first request. */
export interface NewRun {
  eventId: string;
  runId: string;
  functionId: string;
  event: unknown;
  /** The concurrency limits that it counts against while it executes, each as `<limit> <key>`. */
  slots: string[];
  /** The lowest rank starts first: the time of arrival in milliseconds, minus the priority. */
  rank: number;
  /** Runs with the same key start `gapMs` apart in order of arrival, after the first `burst` of them. */
  throttle: { key: string; gapMs: number; burst: number } | null;
}

/** A request that can execute now. */
export interface ReadyRequest {
  id: number;
  lane: string;
  slots: string[];
  rank: number;
}

/** A request with everything that its execution needs. */
export interface LoadedRequest {
  id: number;
  runId: string;
  functionId: string;
  /** JSON. */
  event: string;
  /** The parallel step to execute. Null: the function continues after its last step. */
  stepId: string | null;
  /** True for a sleep that is over. */
  sleeps: boolean;
  attempt: number;
  /** JSON results by step, in the order in which the steps ended. */
  steps: Map<string, string>;
}

/** The first request of a new run. */
export type NewRequest = ReadyRequest & LoadedRequest;

export interface PlannedStep {
  stepId: string;
  sleeps: boolean;
  dueAt: number;
}

/**
 * The engine's tables. This file has all SQL that uses them; each change is one statement, so it happens completely or not at all.
 *
 * - **run**: one function for one event. It is deleted when it ends.
 * - **step**: the result of a finished step of an unfinished run.
 * - **request**: one pending call of a function. It continues the function or executes one of several parallel steps.
 *   Its row stays until the outcome is committed, so a request that was executing when the process died is repeated.
 * - **lane**: what a request waits for. Null: its due time. Empty: its turn. Otherwise a slot that is full, so that a scan for
 *   ready requests skips those behind a full slot.
 */
const tables = `
  create schema if not exists embedded_inngest;
  create table if not exists embedded_inngest.seen_events (id text primary key, seen_at bigint not null);
  create index if not exists seen_events_seen_at on embedded_inngest.seen_events (seen_at);
  create table if not exists embedded_inngest.runs (
    id text primary key, function_id text not null, event text not null, open_requests integer not null default 1
  );
  create table if not exists embedded_inngest.steps (
    run_id text not null, step_id text not null, position bigint generated always as identity, result text not null,
    primary key (run_id, step_id)
  );
  create table if not exists embedded_inngest.requests (
    id bigint generated always as identity primary key, run_id text not null, step_id text,
    sleeps boolean not null default false, attempt integer not null default 0,
    slots text[] not null, rank bigint not null, due_at bigint not null, lane text
  );
  create index if not exists requests_run on embedded_inngest.requests (run_id);
  create index if not exists requests_waiting on embedded_inngest.requests (lane, rank, id);
  create index if not exists requests_due on embedded_inngest.requests (due_at) where lane is null;
  create table if not exists embedded_inngest.throttles (key text primary key, free_at double precision not null);
  -- A function, because only a function can carry settings: they force the index scan, which reads one page in order.
  create or replace function embedded_inngest.find_ready(lanes text[], except_ids bigint[], page integer)
    returns table (id bigint, lane text, slots text[], rank bigint)
    language sql stable set enable_seqscan = off set enable_bitmapscan = off as $$
      select ready.* from unnest(lanes) as wanted (lane)
       cross join lateral (
         select r.id, r.lane, r.slots, r.rank from embedded_inngest.requests as r
          where r.lane = wanted.lane and r.id <> all (except_ids)
          order by r.rank, r.id limit page) as ready
       order by ready.rank, ready.id limit page
    $$;
`;

const dayMs = 24 * 60 * 60 * 1000;

export async function createTables(db: SqlDatabase): Promise<void> {
  await db.exec(tables);
}

export interface AcceptedRuns {
  /** The number of new events. */
  events: number;
  /** When the first throttled run is due. */
  nextDue: number | null;
  /** The requests that can execute now. */
  ready: NewRequest[];
}

/**
 * Stores the runs of new events. An event is a duplicate for 24 hours after an event with the same id. Shared rows are locked in their order, so
 * that concurrent calls do not deadlock.
 */
export async function acceptRuns(
  db: SqlQueries,
  eventIds: string[],
  runs: NewRun[],
  now: number,
): Promise<AcceptedRuns> {
  const events = runs.map((run) => JSON.stringify(run.event));
  const [row] = await db.query<{
    events: number;
    nextDue: number | null;
    readyIds: number[];
    readyRuns: string[];
  }>(
    `with fresh as (
       insert into embedded_inngest.seen_events as seen (id, seen_at)
       select id, $1::bigint from unnest($2::text[]) as id order by id
       on conflict (id) do update set seen_at = excluded.seen_at where seen.seen_at <= excluded.seen_at - ${dayMs}
       returning id),
     given as (
       select *, row_number() over same_throttle as nth
         from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::float8[], $11::integer[])
              with ordinality as run (event_id, id, function_id, event, slots, rank, throttle, gap, burst, n)
        where event_id in (select id from fresh)
       window same_throttle as (partition by throttle order by n)),
     throttles as (
       insert into embedded_inngest.throttles as known (key, free_at)
       select throttle, $1 + count(*) * gap from given where throttle is not null group by throttle, gap order by throttle
       on conflict (key) do update set free_at = greatest(known.free_at, $1) + excluded.free_at - $1
       returning key, free_at),
     started as (
       insert into embedded_inngest.runs (id, function_id, event) select id, function_id, event from given),
     due as (
       select given.*, coalesce(ceil(greatest($1, free_at - gap * (count(*) over (partition by throttle) - nth + burst))), $1) as due_at
         from given left join throttles on throttles.key = given.throttle),
     queued as (
       insert into embedded_inngest.requests (run_id, slots, rank, due_at, lane)
       select id, string_to_array(slots, chr(31)), rank, due_at, case when due_at <= $1 then '' end from due order by n
       returning id, run_id, due_at, lane)
     select (select count(*) from fresh) as events, (select min(due_at) from queued where lane is null) as "nextDue",
            array(select id from queued where lane = '' order by id) as "readyIds",
            array(select run_id from queued where lane = '' order by id) as "readyRuns"`,
    [
      now,
      eventIds,
      runs.map((run) => run.eventId),
      runs.map((run) => run.runId),
      runs.map((run) => run.functionId),
      events,
      runs.map((run) => run.slots.join("\u001f")),
      runs.map((run) => run.rank),
      runs.map((run) => run.throttle?.key ?? null),
      runs.map((run) => run.throttle?.gapMs ?? 0),
      runs.map((run) => run.throttle?.burst ?? 0),
    ],
  );
  const ids = new Map(row?.readyRuns.map((runId, n) => [runId, row.readyIds[n]]));
  const ready = runs.flatMap(({ runId, functionId, slots, rank }, n) => {
    const [id, event] = [ids.get(runId), events[n]];
    if (id === undefined || event === undefined) return [];
    const request: LoadedRequest = {
      id,
      runId,
      functionId,
      event,
      stepId: null,
      sleeps: false,
      attempt: 0,
      steps: new Map(),
    };
    return { ...request, lane: "", slots, rank };
  });
  return { events: row?.events ?? 0, nextDue: row?.nextDue ?? null, ready };
}

/** Resets all lanes after a start, when no request executes: each waits for its due time or its turn. */
export async function resetLanes(db: SqlQueries, now: number): Promise<void> {
  await db.query(
    `update embedded_inngest.requests set lane = case when due_at <= $1 then '' end
      where lane is distinct from case when due_at <= $1 then '' end`,
    [now],
  );
}

/** Moves due requests to the ready lane. Returns the time at which the next request is due, or null. */
export async function wakeDue(db: SqlQueries, now: number): Promise<number | null> {
  await db.query("update embedded_inngest.requests set lane = '' where lane is null and due_at <= $1", [now]);
  const [row] = await db.query<{ next: number | null }>(
    "select min(due_at) as next from embedded_inngest.requests where lane is null",
  );
  return row?.next ?? null;
}

/** Returns the first requests of these lanes in rank order. The cost does not grow with the length of the lanes. */
export function findReady(
  db: SqlQueries,
  lanes: string[],
  except: number[],
  limit: number,
): Promise<ReadyRequest[]> {
  return db.query<ReadyRequest>("select * from embedded_inngest.find_ready($1, $2, $3)", [
    lanes,
    except,
    limit,
  ]);
}

/** Moves requests to the lane of the slot that is full. */
export async function park(db: SqlQueries, parked: { id: number; lane: string }[]): Promise<void> {
  await db.query(
    `update embedded_inngest.requests as request set lane = parked.lane
       from json_to_recordset($1) as parked (id bigint, lane text) where request.id = parked.id`,
    [JSON.stringify(parked)],
  );
}

export async function loadRequests(db: SqlQueries, ids: number[]): Promise<LoadedRequest[]> {
  const rows = await db.query<Omit<LoadedRequest, "steps"> & { stepIds: string[]; results: string[] }>(
    `select request.id, run.id as "runId", run.function_id as "functionId", run.event,
            request.step_id as "stepId", request.sleeps, request.attempt, step."stepIds", step.results
       from embedded_inngest.requests as request
       join embedded_inngest.runs as run on run.id = request.run_id
      cross join lateral (
        select coalesce(array_agg(step_id order by position), '{}') as "stepIds",
               coalesce(array_agg(result order by position), '{}') as results
          from embedded_inngest.steps where run_id = run.id) as step
      where request.id = any ($1::bigint[])`,
    [ids],
  );
  return rows.map(({ stepIds, results, ...request }) => ({
    ...request,
    steps: new Map(stepIds.map((stepId, i) => [stepId, results[i] ?? "null"])),
  }));
}

export interface StepResult {
  requestId: number;
  runId: string;
  stepId: string;
  /** JSON. */
  result: string;
}

/** Stores the results of sequential steps, and resets the attempts of their requests. */
export async function storeSteps(db: SqlQueries, steps: StepResult[]): Promise<void> {
  await db.query(
    `with reset as (update embedded_inngest.requests set attempt = 0 where id = any ($1::bigint[]) and attempt > 0)
     insert into embedded_inngest.steps (run_id, step_id, result)
     select * from unnest($2::text[], $3::text[], $4::text[])
     on conflict (run_id, step_id) do update set result = excluded.result`,
    [
      steps.map((step) => step.requestId),
      steps.map((step) => step.runId),
      steps.map((step) => step.stepId),
      steps.map((step) => step.result),
    ],
  );
}

/**
 * Stores the result of one of several parallel steps and ends its request. The request of the last one continues the function
 * instead.
 */
export async function storePlannedStep(
  db: SqlQueries,
  request: LoadedRequest,
  result: string,
): Promise<void> {
  await db.query(
    `with run as (
       update embedded_inngest.runs set open_requests = open_requests - 1
        where id = $2 and exists (select from embedded_inngest.requests where id = $1 and step_id = $3)
       returning open_requests),
     stored as (
       insert into embedded_inngest.steps (run_id, step_id, result) select $2, $3, $4 from run),
     last as (
       update embedded_inngest.requests set step_id = null, sleeps = false, attempt = 0
        where id = $1 and (select open_requests from run) = 0)
     delete from embedded_inngest.requests where id = $1 and (select open_requests from run) > 0`,
    [request.id, request.runId, request.stepId, result],
  );
}

/** Replaces a function's request with requests for its parallel steps and sleeps. */
export async function planSteps(
  db: SqlQueries,
  request: LoadedRequest,
  steps: PlannedStep[],
  now: number,
): Promise<void> {
  await db.query(
    `with planning as (
       delete from embedded_inngest.requests where id = $1 returning run_id, slots, rank),
     run as (
       update embedded_inngest.runs set open_requests = $3 from planning where id = planning.run_id)
     insert into embedded_inngest.requests (run_id, step_id, sleeps, slots, rank, due_at, lane)
     select run_id, "stepId", sleeps, slots, rank, "dueAt", case when "dueAt" <= $4 then '' end
       from planning, json_to_recordset($2) as step ("stepId" text, sleeps boolean, "dueAt" bigint)`,
    [request.id, JSON.stringify(steps), steps.length, now],
  );
}

export async function retryAt(db: SqlQueries, request: LoadedRequest, dueAt: number): Promise<void> {
  await db.query(
    "update embedded_inngest.requests set attempt = $2, due_at = $3, lane = null where id = $1",
    [request.id, request.attempt + 1, dueAt],
  );
}

/** Deletes finished and failed runs. */
export async function deleteRuns(db: SqlQueries, runIds: string[]): Promise<void> {
  await db.query(
    `with requests as (delete from embedded_inngest.requests where run_id = any ($1)),
          steps as (delete from embedded_inngest.steps where run_id = any ($1))
     delete from embedded_inngest.runs where id = any ($1)`,
    [runIds],
  );
}

/** Deletes event ids older than 24 hours and throttles that delay nothing. */
export async function prune(db: SqlQueries, now: number): Promise<void> {
  await db.query("delete from embedded_inngest.seen_events where seen_at <= $1", [now - dayMs]);
  await db.query("delete from embedded_inngest.throttles where free_at <= $1", [now]);
}

/** Removes dead rows from the queue's indexes, because PGlite has no autovacuum. One table at a time, because others wait meanwhile. */
export async function vacuum(db: SqlDatabase): Promise<void> {
  for (const table of ["requests", "runs", "steps"]) await db.exec(`vacuum embedded_inngest.${table}`);
}
