/** The parts of a job's panel. */
import { Fact } from "../../components/fact.tsx";
import type { JobDetail } from "../../../api/console-contract.ts";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount, formatDuration, formatNumber } from "../../format.ts";
import { hrefOf } from "../../router.ts";
import { describeCost, tookMs } from "./job-text.ts";

/** Longer lists end with a count. */
const maxLeftBehind = 30;

export function JobErrorBox({ job }: { job: JobDetail }) {
  const { error, state } = job;
  if (!error) return null;
  return (
    <div class={`job-error ${state === "failed" ? "bad" : "warn"}`}>
      <p class="job-error-name">{error.name}</p>
      <p class="job-error-message">{error.message}</p>
      {state === "retrying" && (
        <p class="small">
          Next try: <Time at={job.next_attempt_at} otherwise="follows Inngest's backoff" />
        </p>
      )}
      {error.stack !== null && (
        <details>
          <summary>Stack</summary>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it */}
          <pre tabIndex={0}>{error.stack}</pre>
        </details>
      )}
    </div>
  );
}

export function JobFacts({ job }: { job: JobDetail }) {
  const took = tookMs(job);
  return (
    <dl class="job-facts">
      {job.repository !== null && (
        <Fact name="Repository">
          <a href={hrefOf(["repositories", ...job.repository.split("/")])}>{job.repository}</a>
        </Fact>
      )}
      {job.repository !== null && job.number !== null && (
        <Fact name="Pull request">
          <a href={hrefOf(["pull-request", ...job.repository.split("/"), job.number])}>#{job.number}</a>
        </Fact>
      )}
      <Fact name="Function">{job.event_name}</Fact>
      <Fact name="Reason">
        {job.reason}, {job.priority} priority
      </Fact>
      {job.done !== null && job.reason === "backfill" && (
        <Fact name="Back to">
          <Time at={job.since} otherwise="all history" />
        </Fact>
      )}
      <Fact name="Attempts">{formatNumber(job.attempts)}</Fact>
      <Fact name="Created">
        <Time at={job.created_at} />
      </Fact>
      <Fact name="Started">
        <Time at={job.started_at} otherwise="not yet" />
      </Fact>
      {job.finished_at !== null && (
        <Fact name="Ended">
          <Time at={job.finished_at} />
        </Fact>
      )}
      {took !== null && <Fact name="Took">{formatDuration(took)}</Fact>}
      <Fact name="Cost">{describeCost(job)}</Fact>
      <Fact name="Stored">{formatCount(job.rows_written, "row")}</Fact>
      {job.replayed_at !== null && (
        <Fact name="Replayed">
          <Time at={job.replayed_at} />, as another job
        </Fact>
      )}
      {job.left_behind.length > 0 && (
        <Fact name="Left to own jobs">
          <LeftBehind job={job} />
        </Fact>
      )}
      <Fact name="Event id">
        <code>{job.event_id}</code>
      </Fact>
    </dl>
  );
}

/** The pull requests that a sync could not read. */
function LeftBehind({ job: { repository, left_behind } }: { job: JobDetail }) {
  const more = left_behind.length - maxLeftBehind;
  return (
    <>
      {left_behind.slice(0, maxLeftBehind).map((number) => (
        <span key={number}>
          {repository === null ? (
            `#${number}`
          ) : (
            <a href={hrefOf(["pull-request", ...repository.split("/"), number])}>#{number}</a>
          )}{" "}
        </span>
      ))}
      {more > 0 && `and ${formatNumber(more)} more`}
    </>
  );
}

export function JobSteps({ job: { steps } }: { job: JobDetail }) {
  return (
    <section class="panel-section">
      <h3>Steps</h3>
      {steps.length === 0 ? (
        <p class="muted">No step has stored anything.</p>
      ) : (
        <Table
          caption="Steps that stored something, oldest first"
          rows={steps.map((step, index) => ({ ...step, index }))}
          keyOf={({ index }) => index}
          columns={[
            { header: "Step", cell: ({ name }) => name },
            { header: "When", cell: ({ at }) => <Time at={at} /> },
            { header: "Cost", cell: (step) => describeStepCost(step) },
            { header: "Rows", cell: ({ rows_written }) => formatNumber(rows_written), isNumber: true },
          ]}
        />
      )}
    </section>
  );
}

function describeStepCost({ requests, points }: JobDetail["steps"][number]): string {
  return requests + points === 0 ? "none" : describeCost({ requests, points });
}

export function JobEvent({ job: { event } }: { job: JobDetail }) {
  return (
    <section class="panel-section">
      <h3>Event</h3>
      {event === null ? (
        <p class="muted">It is not kept.</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls it
        <pre class="job-event" tabIndex={0} aria-label="Data of the event">
          {JSON.stringify(event, null, 2)}
        </pre>
      )}
    </section>
  );
}
