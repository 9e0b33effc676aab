import { Fact } from "../../components/fact.tsx";
import type { PullRequestView } from "../../../api/console-contract.ts";
import { Badge } from "../../components/badge.tsx";
import { Section } from "../../components/page.tsx";
import { Moment } from "../../components/time.tsx";
import { formatCount, formatNumber } from "../../format.ts";
import { textOf } from "./to-timeline.ts";

type FactValues = PullRequestView["facts"];

const shownShaLength = 10;

/** What readers look for. All other columns are below. */
export function Facts({ view: { facts } }: { view: PullRequestView }) {
  const reviewers = [...textsOf(facts["requested_reviewers"]), ...textsOf(facts["requested_teams"])];
  return (
    <Section title="Facts">
      <dl class="pr-facts">
        <Fact name="Branches">
          <Code text={textOf(facts["head_ref"])} /> → <Code text={textOf(facts["base_ref"])} />
        </Fact>
        <Fact name="Head">
          <Code text={textOf(facts["head_sha"])} length={shownShaLength} />
        </Fact>
        <Fact name="Size">
          <Size facts={facts} />
        </Fact>
        <Fact name="Assignees">
          <Names names={textsOf(facts["assignees"])} />
        </Fact>
        <Fact name="To review">
          <Names names={reviewers} />
        </Fact>
        <Fact name="Labels">
          <Names names={textsOf(facts["labels"])} />
        </Fact>
        <Fact name="Milestone">
          <Text text={textOf(facts["milestone_title"])} />
        </Fact>
        {facts["locked"] === true && (
          <Fact name="Locked">{textOf(facts["active_lock_reason"]) ?? "without a reason"}</Fact>
        )}
        <Fact name="Opened">
          <Moment at={textOf(facts["created_at"])} />
        </Fact>
        <Fact name="Updated">
          <Moment at={textOf(facts["updated_at"])} />
        </Fact>
        {facts["merged_at"] !== null && (
          <Fact name="Merged">
            <Moment at={textOf(facts["merged_at"])} />
            {textOf(facts["merged_by_id"]) && (
              <>
                {" by "}
                <bdi>{textOf(facts["merged_by_id"])}</bdi>
              </>
            )}
          </Fact>
        )}
        {facts["merged_at"] === null && facts["closed_at"] !== null && (
          <Fact name="Closed">
            <Moment at={textOf(facts["closed_at"])} />
          </Fact>
        )}
      </dl>
    </Section>
  );
}

const none = <span class="muted">none</span>;

function Text({ text }: { text: string | null }) {
  return text === null ? none : <bdi>{text}</bdi>;
}

function Code({ text, length = Infinity }: { text: string | null; length?: number }) {
  return text === null ? (
    <span class="muted">unknown</span>
  ) : (
    <code title={text}>{text.slice(0, length)}</code>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return none;
  return (
    <span class="chips">
      {names.map((name) => (
        <Badge key={name}>
          <bdi>{name}</bdi>
        </Badge>
      ))}
    </span>
  );
}

function Size({ facts }: { facts: FactValues }) {
  const count = (name: string) => (typeof facts[name] === "number" ? facts[name] : null);
  const [additions, deletions, files, commits] = [
    count("additions"),
    count("deletions"),
    count("changed_files"),
    count("commits"),
  ];
  if (additions === null || deletions === null) return <span class="muted">unknown</span>;
  return (
    <>
      <span class="added">+{formatNumber(additions)}</span>{" "}
      <span class="removed">−{formatNumber(deletions)}</span>
      {files !== null && ` in ${formatCount(files, "file")}`}
      {commits !== null && `, ${formatCount(commits, "commit")}`}
    </>
  );
}

/** Every column as it is in the row. */
export function AllColumns({ facts }: { facts: FactValues }) {
  return (
    <details class="all-columns">
      <summary>All columns</summary>
      <dl class="pr-facts raw">
        {Object.entries(facts)
          .toSorted(([one], [other]) => one.localeCompare(other))
          .map(([name, value]) => (
            <Fact key={name} name={name}>
              <RawValue value={value} />
            </Fact>
          ))}
      </dl>
    </details>
  );
}

export function RawValue({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span class="muted">null</span>;
  if (typeof value === "string") return value === "" ? <span class="muted">empty</span> : <bdi>{value}</bdi>;
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return value.length === 0 ? <span class="muted">none</span> : <bdi>{value.join(", ")}</bdi>;
  return <bdi>{JSON.stringify(value)}</bdi>;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
