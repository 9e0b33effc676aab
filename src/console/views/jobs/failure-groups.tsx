import { useState } from "preact/hooks";
import type { FailureGroup } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { Section } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatCount } from "../../format.ts";
import { notify } from "../../notices.ts";
import { hrefOf } from "../../router.ts";
import { useResource } from "../../use-resource.ts";
import { toShortName, type ShownFilter } from "./job-filter.ts";

interface FailureGroupsProps {
  filter: ShownFilter;
  isPaused: boolean;
  onChanged: () => void;
}

/** The number of groups that show at first. Others show on demand. */
const usuallyShown = 4;

/** The failed and retrying jobs, grouped by error. They show above the failed or retrying jobs. */
export function FailureGroups(props: FailureGroupsProps) {
  const { state, failure } = props.filter;
  if (failure === undefined && state !== "failed" && state !== "retrying") return null;
  return <Groups {...props} />;
}

function Groups({ filter, isPaused, onChanged }: FailureGroupsProps) {
  const { data, reload } = useResource("failures", api.listFailures, { isLive: !isPaused });
  const [showsAll, setShowsAll] = useState(false);
  const { state, failure } = filter;
  const matching = (data ?? []).filter((group) =>
    failure === undefined ? (state === "failed" ? group.failed : group.retrying) > 0 : group.key === failure,
  );
  const shown = showsAll ? matching : matching.slice(0, usuallyShown);
  if (failure !== undefined && data !== null && matching.length === 0)
    return (
      <p class="group-note">
        No job fails with this error any more. <a href={hrefOf(["jobs"], { state })}>Show all errors</a>
      </p>
    );
  if (matching.length === 0) return null;
  return (
    <Section
      title={failure === undefined ? "By error" : "Jobs with this error"}
      note={failure === undefined && formatCount(matching.length, "error")}
      actions={failure !== undefined && <a href={hrefOf(["jobs"], { state })}>Show all errors</a>}
    >
      <ul class="groups">
        {shown.map((group) => (
          <Group
            key={group.key}
            group={group}
            filter={filter}
            onReplayed={() => {
              reload();
              onChanged();
            }}
          />
        ))}
      </ul>
      {matching.length > shown.length && (
        <Button kind="quiet" onClick={() => setShowsAll(true)}>
          Show {formatCount(matching.length - shown.length, "more error")}
        </Button>
      )}
    </Section>
  );
}

interface GroupProps {
  group: FailureGroup;
  filter: ShownFilter;
  onReplayed: () => void;
}

function Group({ group, filter, onReplayed }: GroupProps) {
  const { key, error, message, failed, retrying, first_at, last_at } = group;
  const isOnly = filter.failure === key;
  return (
    <li class="group">
      <div class="group-text">
        <p class="group-title">
          {error} <span class="muted">in {toShortName(group.function)}</span>
        </p>
        <p class="group-message">{message}</p>
        <p class="muted small">
          {[
            failed > 0 && `${formatCount(failed, "job")} failed`,
            retrying > 0 && `${formatCount(retrying, "job")} retrying`,
          ]
            .filter(Boolean)
            .join(", ")}
          {" · "}
          {Date.parse(last_at) - Date.parse(first_at) > 60_000 && (
            <>
              first <Time at={first_at} />, last{" "}
            </>
          )}
          <Time at={last_at} />
        </p>
      </div>
      <div class="actions">
        {!isOnly && (
          <a class="button quiet" href={hrefOf(["jobs"], { state: filter.state, failure: key })}>
            Show jobs
          </a>
        )}
        {failed > 0 && (
          <Button
            label={`Replay ${formatCount(failed, "job")} that failed with ${error}`}
            onClick={async () => {
              const { replayed } = await api.replayMany({ failure: key });
              notify(`${formatCount(replayed, "job")} queued again.`, "good");
              onReplayed();
            }}
          >
            Replay {formatCount(failed, "job")}
          </Button>
        )}
      </div>
    </li>
  );
}
