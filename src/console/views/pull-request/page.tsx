import { useEffect } from "preact/hooks";
import type { PullRequestView } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Loaded, Page, Section } from "../../components/page.tsx";
import { formatCount } from "../../format.ts";
import { onChange } from "../../live.ts";
import { notify } from "../../notices.ts";
import { RequestError } from "../../request.ts";
import { hrefOf } from "../../router.ts";
import { useResource, type Loadable } from "../../use-resource.ts";
import { ComparisonPanel, useComparison } from "./comparison.tsx";
import { AllColumns, Facts } from "./facts.tsx";
import { PullRequestFiles } from "./files.tsx";
import { PullRequestGaps } from "./gaps.tsx";
import { PullRequestJobs } from "./jobs.tsx";
import { GitHubLink } from "./github-link.tsx";
import { Provenance } from "./provenance.tsx";
import { PullRequestState } from "./state.tsx";
import { Timeline } from "./timeline.tsx";

interface PullRequestRef {
  repository: string;
  number: number;
}

/** All that is captured of one pull request. It changes with the pull request's jobs. */
export function PullRequestPage({ repository, number }: PullRequestRef) {
  const resource = useResource(`${repository} ${number}`, (signal) =>
    api.getPullRequest(repository, number, signal),
  );
  const { data, error, reload } = resource;
  const isMissing = error instanceof RequestError && error.status === 404;
  const comparison = useComparison(repository, number);
  useEffect(
    () =>
      onChange(({ jobs }) => {
        if (jobs.some((job) => job.number === number && isSameName(job.repository, repository))) reload();
      }),
    [repository, number, reload],
  );
  return (
    <Page
      title={data?.title ? `${data.title} #${number}` : `${repository} #${number}`}
      heading={
        data?.title ? (
          <>
            <bdi>{data.title}</bdi> #{number}
          </>
        ) : undefined
      }
      lead={data && <Lead view={data} />}
      actions={
        data && (
          <>
            <GitHubLink url={data.url} />
            <CaptureButton repository={repository} number={number} />
            <Button kind="primary" onClick={comparison.start}>
              Compare with GitHub
            </Button>
          </>
        )
      }
    >
      <ComparisonPanel comparison={comparison} />
      {isMissing ? (
        <Empty title={`${repository} #${number} is not captured.`}>
          <p>If it exists on GitHub, capture it now. It shows here when it has arrived.</p>
          <div class="actions">
            <CaptureButton repository={repository} number={number} label="Capture it" />
            <a href={hrefOf(["pull-request"])}>All pull requests</a>
          </div>
        </Empty>
      ) : (
        <LoadedPullRequest resource={resource} />
      )}
    </Page>
  );
}

/** GitHub's names differ by more than case. */
function isSameName(one: string | null, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

function LoadedPullRequest({ resource }: { resource: Loadable<PullRequestView> }) {
  return (
    <Loaded resource={resource}>
      {(view) => (
        <div class="pull-request">
          <div>
            <PullRequestGaps gaps={view.gaps} />
            <Timeline view={view} />
            <Section
              title="Files"
              note={<FilesNote view={view} />}
              actions={<Provenance provenance={view.files_provenance} />}
            >
              <PullRequestFiles files={view.files} />
            </Section>
          </div>
          <aside aria-label="Facts and jobs">
            <Facts view={view} />
            <PullRequestJobs view={view} />
            <AllColumns facts={view.facts} />
          </aside>
        </div>
      )}
    </Loaded>
  );
}

function Lead({ view }: { view: PullRequestView }) {
  const repository = view.repository ?? `repository ${view.repository_id}`;
  return (
    <span class="pull-request-lead">
      <PullRequestState pullRequest={view} />
      <a href={hrefOf(["pull-request"], { repository: view.repository })}>{repository}</a>
      {view.author !== null && (
        <span>
          by <bdi>{view.author}</bdi>
        </span>
      )}
      <Provenance provenance={view.provenance} />
    </span>
  );
}

function FilesNote({ view: { files, facts } }: { view: PullRequestView }) {
  const isTruncated = facts["files_truncated"] === true;
  return (
    <>
      {formatCount(files.length, "file")}
      {isTruncated && ", and more that GitHub does not list"}
    </>
  );
}

function CaptureButton({ repository, number, label = "Capture again" }: PullRequestRef & { label?: string }) {
  const capture = async () => {
    const { queued } = await api.queuePullRequest(repository, number);
    notify(
      queued > 0
        ? "The pull request is read from GitHub now. This page changes when the captures end."
        : "A capture of it is pending already.",
    );
  };
  return <Button onClick={capture}>{label}</Button>;
}
