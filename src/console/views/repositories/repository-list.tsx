import { useState } from "preact/hooks";
import type { RepositoryOverview } from "../../../api/console-contract.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount, formatNumber } from "../../format.ts";
import { useMedia } from "../../use-media.ts";
import { sumGaps, hrefOfRepository, kinds, repositoryName } from "./kinds.ts";
import { Share } from "./share.tsx";
import { SyncBar } from "./sync-progress.tsx";

const step = 100;

/** A table; cards on narrow screens. */
export function RepositoryList({ repositories }: { repositories: readonly RepositoryOverview[] }) {
  const isNarrow = useMedia("(max-width: 760px)");
  const [limit, setLimit] = useState(step);
  const shown = repositories.slice(0, limit);
  return (
    <>
      {isNarrow ? (
        <ul class="repository-cards" aria-label="Repositories">
          {shown.map((repository) => (
            <RepositoryCard key={repository.id} repository={repository} />
          ))}
        </ul>
      ) : (
        <Table caption="Repositories" rows={shown} keyOf={({ id }) => id} columns={columns} />
      )}
      {repositories.length > shown.length && (
        <div class="pager">
          <span class="muted">
            {formatNumber(shown.length)} of {formatCount(repositories.length, "repository", "repositories")}
          </span>
          <Button onClick={() => setLimit(limit + step)}>Show more</Button>
        </div>
      )}
    </>
  );
}

const columns: readonly Column<RepositoryOverview>[] = [
  { header: "Repository", cell: (repository) => <Name repository={repository} />, class: "repository-name" },
  ...kinds.map(({ kind, name }) => ({
    header: name,
    cell: (repository: RepositoryOverview) => (
      <Share figures={repository} kind={kind} label={`${name} of ${repositoryName(repository)}`} />
    ),
  })),
  { header: "Gaps", cell: (repository) => <Gaps repository={repository} />, isNumber: true },
  { header: "Last delivery", cell: ({ last_delivery_at }) => <Time at={last_delivery_at} />, isNumber: true },
  { header: "Last sync", cell: (repository) => <LastSync repository={repository} />, isNumber: true },
];

function Name({ repository }: { repository: RepositoryOverview }) {
  return (
    <>
      <a href={hrefOfRepository(repository)}>{repositoryName(repository)}</a>{" "}
      {repository.private === true && <Badge>private</Badge>}
    </>
  );
}

/** The number of gaps. Without an inventory, the known gaps are not all. */
function Gaps({ repository }: { repository: RepositoryOverview }) {
  const count = sumGaps(repository);
  if (repository.inventoried_at === null) return <span class="muted">unknown</span>;
  return <span class={count > 0 ? "gap-count" : "muted"}>{formatNumber(count)}</span>;
}

function LastSync({ repository }: { repository: RepositoryOverview }) {
  const { sync, synced_at } = repository;
  return sync === null ? <Time at={synced_at} /> : <SyncBar job={sync} name={repositoryName(repository)} />;
}

function RepositoryCard({ repository }: { repository: RepositoryOverview }) {
  const name = repositoryName(repository);
  return (
    <li class="card">
      <p class="card-title">
        <Name repository={repository} />
      </p>
      <ul class="card-shares">
        {kinds.map(({ kind, name: title }) => (
          <li key={kind}>
            <span class="muted small">{title}</span>
            <Share figures={repository} kind={kind} label={`${title} of ${name}`} />
          </li>
        ))}
      </ul>
      <dl class="card-facts small">
        <div>
          <dt>Gaps</dt>
          <dd>
            <Gaps repository={repository} />
          </dd>
        </div>
        <div>
          <dt>Last delivery</dt>
          <dd>
            <Time at={repository.last_delivery_at} />
          </dd>
        </div>
        <div>
          <dt>Last sync</dt>
          <dd>
            <LastSync repository={repository} />
          </dd>
        </div>
      </dl>
    </li>
  );
}
