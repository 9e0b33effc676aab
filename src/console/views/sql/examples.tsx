import { Empty } from "../../components/page.tsx";

const examples = [
  {
    title: "Which pull requests wait for a first review?",
    query: `select r.full_name, p.number, p.title, now() - p.created_at as waiting
from github.pull_requests p
join github.repositories r on r.id = p.repository_id
where p.state = 'open' and not p.draft
  and not exists (
    select from github.reviews v
    where v.repository_id = p.repository_id
      and v.pull_request_number = p.number
      and v.deleted_at is null
  )
order by waiting desc`,
  },
  {
    title: "How long does it take from opening to merging, week by week?",
    query: `select date_trunc('week', merged_at)::date as week,
  count(*) as merged,
  percentile_cont(0.5) within group (order by merged_at - created_at) as median
from github.pull_requests
where merged
group by 1
order by 1 desc`,
  },
  {
    title: "Who reviews most?",
    query: `select a.login, count(*) as reviews,
  count(*) filter (where v.state = 'APPROVED') as approvals
from github.reviews v
join github.accounts a on a.id = v.author_id
where v.deleted_at is null
group by a.login
order by reviews desc
limit 20`,
  },
  {
    title: "Which files change most often?",
    query: `select filename, count(*) as pull_requests, sum(changes) as changed_lines
from github.pull_request_files
group by filename
order by pull_requests desc, changed_lines desc
limit 50`,
  },
  {
    title: "What did captures cost, by kind and reason?",
    query: `select event_name, reason, count(*) as jobs,
  sum(requests) as requests, sum(points) as points, sum(rows_written) as rows_written
from capture.jobs
group by event_name, reason
order by points desc, jobs desc`,
  },
];

export function Examples({ onPick }: { onPick: (query: string) => void }) {
  return (
    <Empty title="Write a query, or start with one of these.">
      <ul class="sql-examples">
        {examples.map(({ title, query }) => (
          <li key={title}>
            <button type="button" class="link" onClick={() => onPick(query)}>
              {title}
            </button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
