import { useEffect, useRef, useState } from "preact/hooks";
import type { PullRequestSummary } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Loaded, Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount } from "../../format.ts";
import { hrefOf, navigate, route, setQuery } from "../../router.ts";
import { useResource } from "../../use-resource.ts";
import { parseReference } from "../../../api/parse-reference.ts";
import { PullRequestState } from "./state.tsx";

const pageSize = { first: 50, all: 200 };
/** Browsers limit how often a page may change its address. */
const typingPauseMs = 200;

/** The pull requests that were updated last. The filter is in the address bar. */
export function PullRequestFinder() {
  const { query } = route.value;
  const repository = query.get("repository") ?? "";
  const text = query.get("text") ?? "";
  const limit = query.has("all") ? pageSize.all : pageSize.first;
  const found = useResource(
    `pull requests ${repository} ${limit} ${text}`,
    (signal) => api.listPullRequests({ repository, text, limit }, signal),
    { isLive: true },
  );
  const last = useRef<PullRequestSummary[] | null>(null);
  if (found.data) last.current = found.data;
  const data = found.error === null ? last.current : found.data; // the last answer stays while the next one loads
  const isFiltered = repository !== "" || text !== "";
  return (
    <Page title="Pull requests" lead="The copies, newest update first.">
      <search class="pr-filters">
        <TextFilter value={text} onlyResult={data?.length === 1 ? data[0] : undefined} />
        <RepositoryFilter value={repository} />
        {isFiltered && (
          <Button kind="quiet" onClick={() => setQuery({ repository: null, text: null, all: null })}>
            Clear
          </Button>
        )}
        <output class="muted small">
          {data && `${formatCount(data.length, "pull request")}${data.length === limit ? " or more" : ""}`}
        </output>
      </search>
      <Loaded resource={{ ...found, data }}>
        {(pullRequests) => (
          <div aria-busy={found.isLoading}>
            {pullRequests.length > 0 ? (
              <ul class="pull-requests">
                {pullRequests.map((each) => (
                  <PullRequestItem key={`${each.repository_id} ${each.number}`} pullRequest={each} />
                ))}
              </ul>
            ) : (
              <NothingFound isFiltered={isFiltered} />
            )}
            {pullRequests.length === pageSize.first && limit === pageSize.first && (
              <p class="more">
                <Button onClick={() => setQuery({ all: "1" })}>Show more</Button>
              </p>
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function TextFilter({ value, onlyResult }: { value: string; onlyResult: PullRequestSummary | undefined }) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ text: next.trim(), all: null }), typingPauseMs);
  };
  const open = () => {
    clearTimeout(timer.current);
    const reference = parseReference(text);
    if (reference) navigate(["pull-request", ...reference]);
    else if (text.trim() !== value) setQuery({ text: text.trim(), all: null });
    else if (onlyResult?.repository)
      navigate(["pull-request", ...onlyResult.repository.split("/"), onlyResult.number]);
  };
  return (
    <form
      class="filter-text"
      onSubmit={(event) => {
        event.preventDefault();
        open();
      }}
    >
      <input
        class="input"
        type="search"
        aria-label="Title, number, owner/name#number or GitHub's address"
        placeholder="Title, number, or a GitHub link"
        spellcheck={false}
        autocomplete="off"
        maxLength={200}
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </form>
  );
}

function RepositoryFilter({ value }: { value: string }) {
  const { data } = useResource("repositories to filter by", api.listRepositories);
  const names = new Set(data?.repositories.flatMap(({ repository }) => repository ?? []));
  if (value !== "") names.add(value);
  return (
    <select
      class="select"
      aria-label="Repository"
      value={value}
      onChange={(event) => setQuery({ repository: event.currentTarget.value, all: null })}
    >
      <option value="">All repositories</option>
      {[...names].toSorted().map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function PullRequestItem({ pullRequest }: { pullRequest: PullRequestSummary }) {
  const { repository, repository_id, number, title, author, updated_at } = pullRequest;
  const shownTitle = title ?? "Details are not captured yet";
  return (
    <li>
      <PullRequestState pullRequest={pullRequest} />
      <div>
        {repository ? (
          <a class="title" dir="auto" href={hrefOf(["pull-request", ...repository.split("/"), number])}>
            {shownTitle}
          </a>
        ) : (
          <span class="title" dir="auto">
            {shownTitle}
          </span>
        )}
        <p class="muted small">
          {repository ?? `repository ${repository_id}`}#{number}
          {author !== null && (
            <>
              {" · "}
              <bdi>{author}</bdi>
            </>
          )}
        </p>
      </div>
      <span class="muted small">
        <Time at={updated_at} otherwise="" />
      </span>
    </li>
  );
}

function NothingFound({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No captured pull request matches.">
        <p>
          Paste a pull request's address from GitHub and press Enter to open it, even if it is not captured
          yet.
        </p>
      </Empty>
    );
  return (
    <Empty title="No pull request is captured yet.">
      <p>
        Install the GitHub App on a repository, or start a backfill in{" "}
        <a href={hrefOf(["repositories"])}>Repositories</a>. Pull requests show here as they are captured.
      </p>
    </Empty>
  );
}
