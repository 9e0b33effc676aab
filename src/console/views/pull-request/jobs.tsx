import type { PullRequestView } from "../../../api/console-contract.ts";
import { StateBadge } from "../../components/badge.tsx";
import { Section } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { hrefOf } from "../../router.ts";

const shownJobs = 8;

/** The newest captures of a pull request. */
export function PullRequestJobs({ view: { repository, number, jobs } }: { view: PullRequestView }) {
  const all = hrefOf(["jobs"], { repository, text: `#${number}` });
  return (
    <Section
      title="Newest jobs"
      actions={jobs.length > shownJobs && repository !== null && <a href={all}>All jobs</a>}
    >
      {jobs.length === 0 ? (
        <p class="muted">No job about it is kept. Jobs are kept for some days.</p>
      ) : (
        <ul class="job-list">
          {jobs.slice(0, shownJobs).map((job) => (
            <li key={job.id}>
              <a href={hrefOf(["jobs"], { job: job.id })}>{job.event_name.replace("capture/", "")}</a>
              <StateBadge state={job.state} />
              <p class="muted small">
                {job.reason} · <Time at={job.created_at} />
              </p>
              {job.error !== null && <p class="error small">{job.error.message}</p>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
