import type { RepositoryOverview } from "../../api/console-contract.ts";
import type { Figures } from "../../api/contract.ts";
import { api } from "../api.ts";
import { ConfirmButton } from "../components/button.tsx";
import { Empty, Loaded, Page } from "../components/page.tsx";
import { formatCount } from "../format.ts";
import { notify } from "../notices.ts";
import { navigate, route, setQuery } from "../router.ts";
import { useResource } from "../use-resource.ts";
import { BackfillButton } from "./repositories/backfill-button.tsx";
import { sumGaps, repositoryName, refreshMs } from "./repositories/kinds.ts";
import { RepositoryList } from "./repositories/repository-list.tsx";
import { RepositoryPage } from "./repositories/repository-page.tsx";

/** What is captured of each repository, or of one: `repositories/owner/name`. */
export function RepositoriesView() {
  const name = route.value.segments.join("/");
  return name === "" ? <AllRepositories /> : <RepositoryPage key={name} name={name} />;
}

function AllRepositories() {
  const list = useResource("repositories", api.listRepositories, { isLive: true, refreshMs });
  return (
    <Page
      title="Repositories"
      lead="What is captured of what GitHub has. Unknown until GitHub's inventory is read."
      actions={
        list.data && (
          <>
            <BackfillButton
              repository={null}
              onQueued={(_answer, repository) => navigate(["repositories", ...repository.split("/")])}
            />
            <CloseAllGaps total={list.data.total} onQueued={list.reload} />
          </>
        )
      }
    >
      <Loaded resource={list}>
        {({ repositories }) =>
          repositories.length === 0 ? <NoRepositories /> : <Chosen all={repositories} />
        }
      </Loaded>
    </Page>
  );
}

function CloseAllGaps({ total, onQueued }: { total: Figures; onQueued: () => void }) {
  const gaps = sumGaps(total);
  if (gaps === 0) return null;
  const what = formatCount(gaps, "gap");
  return (
    <ConfirmButton
      kind="primary"
      question={`Close ${what} of all repositories?`}
      explanation="A pull request with a gap is captured again. A repository with many missing pull requests, or without an inventory, gets one sync."
      action={`Close ${what}`}
      onConfirm={async () => {
        const { queued } = await api.fixGaps();
        notify(`${formatCount(queued, "capture")} queued.`);
        onQueued();
      }}
    >
      Close all gaps
    </ConfirmButton>
  );
}

const orders = {
  name: (a: RepositoryOverview, b: RepositoryOverview) => repositoryName(a).localeCompare(repositoryName(b)),
  gaps: (a: RepositoryOverview, b: RepositoryOverview) => sumGaps(b) - sumGaps(a) || orders.name(a, b),
  delivery: (a: RepositoryOverview, b: RepositoryOverview) =>
    (b.last_delivery_at ?? "").localeCompare(a.last_delivery_at ?? "") || orders.name(a, b),
};

function Chosen({ all }: { all: readonly RepositoryOverview[] }) {
  const { query } = route.value;
  const text = (query.get("text") ?? "").toLowerCase();
  const asked = query.get("sort") ?? "name";
  const sort = asked in orders ? (asked as keyof typeof orders) : "name";
  const chosen = all
    .filter((each) => repositoryName(each).toLowerCase().includes(text))
    .toSorted(orders[sort]);
  return (
    <>
      {all.length > 1 && (
        <div class="filter-bar" role="search" aria-label="Repositories">
          <input
            class="input"
            type="search"
            aria-label="Search repositories"
            placeholder="Part of a name"
            defaultValue={text}
            spellcheck={false}
            onInput={(event) => setQuery({ text: event.currentTarget.value.trim() })}
          />
          <select
            class="select"
            aria-label="Order"
            value={sort}
            onChange={(event) => setQuery({ sort: event.currentTarget.value })}
          >
            <option value="name">By name</option>
            <option value="gaps">Most gaps first</option>
            <option value="delivery">Newest delivery first</option>
          </select>
        </div>
      )}
      {chosen.length === 0 ? (
        <Empty title="No repository has this in its name." />
      ) : (
        <RepositoryList repositories={chosen} />
      )}
    </>
  );
}

function NoRepositories() {
  return (
    <Empty title="No repository is captured yet.">
      <p>
        Install the App on an organization or a repository. GitHub then announces it, and its first backfill
        starts by itself.
      </p>
      <p>
        With a <code>GITHUB_TOKEN</code>, the server also reads public repositories: choose “Backfill a
        repository”.
      </p>
    </Empty>
  );
}
