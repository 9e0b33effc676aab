import type { RepositoryOverview } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Empty, Loaded, Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount, formatPercent } from "../../format.ts";
import { notify } from "../../notices.ts";
import { hrefOf } from "../../router.ts";
import { useResource } from "../../use-resource.ts";
import { BackfillButton } from "./backfill-button.tsx";
import { GapList } from "./gap-list.tsx";
import { sumGaps, kinds, repositoryName, refreshMs } from "./kinds.ts";
import { Share } from "./share.tsx";
import { SyncProgress } from "./sync-progress.tsx";

/** One repository: its coverage, its sync, and its gaps. `name` is owner/name or an id. */
export function RepositoryPage({ name }: { name: string }) {
  const list = useResource(`repository ${name}`, api.listRepositories, { isLive: true, refreshMs });
  const found = list.data?.repositories.find(
    (each) => repositoryName(each).toLowerCase() === name.toLowerCase() || String(each.id) === name,
  );
  return (
    <Page
      title={name}
      lead={found && <Facts repository={found} />}
      actions={found && <Actions repository={found} onQueued={list.reload} />}
    >
      <Loaded resource={list}>
        {() => (found ? <Repository repository={found} /> : <Unknown name={name} onQueued={list.reload} />)}
      </Loaded>
    </Page>
  );
}

function Facts({ repository }: { repository: RepositoryOverview }) {
  return (
    <span class="repository-facts">
      {repository.private === true && <Badge>private</Badge>}
      <span>
        Last delivery: <Time at={repository.last_delivery_at} otherwise="none is kept" />
      </span>
      <span>
        Synced: <Time at={repository.synced_at} />
      </span>
      <span>
        Inventory: <Time at={repository.inventoried_at} otherwise="none yet" />
      </span>
    </span>
  );
}

function Actions({ repository, onQueued }: { repository: RepositoryOverview; onQueued: () => void }) {
  const gaps = sumGaps(repository);
  const name = repositoryName(repository);
  return (
    <>
      <a class="button quiet" href={hrefOf(["jobs"], { repository: name })}>
        Jobs
      </a>
      <BackfillButton repository={name} pullRequests={repository.pull_requests.github} onQueued={onQueued} />
      {(gaps > 0 || repository.inventoried_at === null) && (
        <Button
          kind="primary"
          onClick={async () => {
            const { queued } = await api.fixGaps({ repository: repository.id });
            notify(
              queued === 0
                ? "What is missing is being captured already."
                : `${formatCount(queued, "capture")} queued.`,
            );
            onQueued();
          }}
        >
          {gaps > 0 ? `Close ${formatCount(gaps, "gap")}` : "Take an inventory"}
        </Button>
      )}
    </>
  );
}

function Repository({ repository }: { repository: RepositoryOverview }) {
  const name = repositoryName(repository);
  return (
    <>
      <SyncProgress key={repository.id} sync={repository.sync} name={name} />
      <ul class="tiles" aria-label="Coverage">
        {kinds.map(({ kind, name: title }) => (
          <li key={kind} class="card">
            <p class="tile-title">
              {title}
              <span class="muted">{formatPercent(repository[kind].percent)}</span>
            </p>
            <Share figures={repository} kind={kind} label={`${title} of ${name}`} />
            <p class="small muted">
              {repository.gaps[kind] === 0 ? (
                "0 gaps"
              ) : (
                <a href={hrefOf(["repositories", ...name.split("/")], { gaps: kind })}>
                  {formatCount(repository.gaps[kind], "gap")}
                </a>
              )}
            </p>
          </li>
        ))}
      </ul>
      <GapList
        id={repository.id}
        name={name}
        figures={repository}
        isInventoried={repository.inventoried_at !== null}
      />
    </>
  );
}

function Unknown({ name, onQueued }: { name: string; onQueued: () => void }) {
  return (
    <Empty title={`The server has not seen ${name}.`}>
      <p>Install the App on it. With a GITHUB_TOKEN, the server can also read a public repository:</p>
      <BackfillButton repository={name} onQueued={onQueued} />
    </Empty>
  );
}
