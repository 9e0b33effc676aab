import { useState } from "preact/hooks";
import type { Figures, Gap, GapKind } from "../../../api/contract.ts";
import { api } from "../../api.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Section } from "../../components/page.tsx";
import { Table } from "../../components/table.tsx";
import { formatCount, formatNumber } from "../../format.ts";
import { notify } from "../../notices.ts";
import { hrefOf, route, setQuery } from "../../router.ts";
import { messageOf } from "../../request.ts";
import { useResource } from "../../use-resource.ts";
import { sumGaps, kinds } from "./kinds.ts";

interface GapListProps {
  id: number;
  name: string;
  figures: Figures;
  /** False: nothing is known to be complete. */
  isInventoried: boolean;
}

const pageSize = 25;
/** How many gaps are read first. A later page reads more. */
const firstRead = 1_000;
const maxRead = 100_000;

/** Each difference between GitHub and the rows, in pages. */
export function GapList({ id, name, figures, isInventoried }: GapListProps) {
  const [limit, setLimit] = useState(firstRead);
  const total = sumGaps(figures);
  const { data, error } = useResource(`gaps ${id} ${limit} ${total}`, (signal) =>
    api.analyze(id, limit, signal),
  );
  const asked = route.value.query.get("gaps");
  const kind = kinds.find((each) => each.kind === asked)?.kind ?? null;
  const matching = (data?.gaps ?? []).filter((gap) => kind === null || gap.kind === kind);
  const count = kind === null ? total : figures.gaps[kind];

  if (error !== null) return <p class="error">{messageOf(error)}</p>;
  if (total === 0)
    return (
      <Section title="Gaps">
        <Empty title={isInventoried ? "No gaps." : "No known gaps."}>
          <p>
            {isInventoried
              ? "Everything that GitHub listed in the last inventory is captured."
              : "There is no complete inventory yet, so what is missing is unknown. A backfill takes one."}
          </p>
        </Empty>
      </Section>
    );
  return (
    <Section
      title="Gaps"
      note="differences between GitHub and the rows"
      actions={<KindSelect figures={figures} kind={kind} />}
    >
      {data === null ? (
        <p class="loading">Loading…</p>
      ) : (
        <Pages
          key={kind ?? "all"}
          gaps={matching}
          count={Math.max(count, matching.length)}
          name={name}
          onMissing={data.gaps.length >= limit && limit < maxRead ? () => setLimit(limit * 10) : null}
        />
      )}
    </Section>
  );
}

function KindSelect({ figures, kind }: { figures: Figures; kind: GapKind | null }) {
  return (
    <select
      class="select"
      aria-label="Kind of gap"
      value={kind ?? ""}
      onChange={(event) => setQuery({ gaps: event.currentTarget.value })}
    >
      <option value="">All kinds ({formatNumber(sumGaps(figures))})</option>
      {kinds.map((each) => (
        <option key={each.kind} value={each.kind}>
          {each.name} ({formatNumber(figures.gaps[each.kind])})
        </option>
      ))}
    </select>
  );
}

interface PagesProps {
  gaps: readonly Gap[];
  /** The number of all gaps, read or not. */
  count: number;
  name: string;
  /** Reads more gaps. Null when all are read. */
  onMissing: (() => void) | null;
}

function Pages({ gaps, count, name, onMissing }: PagesProps) {
  const [requested, setRequested] = useState(0);
  const pages = Math.max(1, Math.ceil((onMissing ? count : gaps.length) / pageSize));
  const page = Math.min(requested, pages - 1);
  const first = page * pageSize;
  const shown = gaps.slice(first, first + pageSize);
  const turn = (next: number) => {
    setRequested(next);
    if ((next + 1) * pageSize > gaps.length) onMissing?.();
  };
  return (
    <>
      <div class="gap-table">
        <Table
          caption={`Gaps of ${name}`}
          rows={shown}
          keyOf={(gap) => `${gap.kind} ${gap.number}`}
          columns={[
            { header: "Number", cell: (gap) => <Target gap={gap} name={name} /> },
            { header: "Gap", cell: (gap) => <Description gap={gap} />, class: "gap" },
            {
              header: "Captured",
              cell: ({ captured, github }) =>
                `${formatNumber(captured)} of ${github === null ? "unknown" : formatNumber(github)}`,
              isNumber: true,
            },
            {
              header: <span class="hidden">Action</span>,
              cell: (gap) => <CaptureButton gap={gap} />,
              class: "action",
            },
          ]}
        />
      </div>
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of gaps">
          <span class="muted">
            {formatNumber(first + 1)} to {formatNumber(Math.min(first + pageSize, count))} of{" "}
            {formatCount(count, "gap")}
          </span>
          <Button isDisabled={page === 0} onClick={() => turn(page - 1)}>
            Previous
          </Button>
          <Button isDisabled={page >= pages - 1} onClick={() => turn(page + 1)}>
            Next
          </Button>
        </nav>
      )}
    </>
  );
}

function Target({ gap: { number }, name }: { gap: Gap; name: string }) {
  if (number === null) return <>the repository</>;
  return <a href={hrefOf(["pull-request", ...name.split("/"), number])}>#{number}</a>;
}

function Description({ gap }: { gap: Gap }) {
  return (
    <>
      <span>{kinds.find(({ kind }) => kind === gap.kind)?.name}</span>
      <span class="muted">{describeGap(gap)}</span>
    </>
  );
}

function describeGap({ kind, number, captured, github, stale }: Gap): string {
  if (number === null && github === null) return "No inventory yet";
  if (number === null)
    return captured > Number(github) ? "GitHub counts fewer" : "GitHub counts more than it lists";
  if (kind === "pull_requests") return "Not captured";
  if (kind === "details") return "Missing, or older than GitHub's last update";
  return stale ? "Has to be read again" : "Counts differ";
}

function CaptureButton({ gap: { repository_id, number } }: { gap: Gap }) {
  if (number === null) return null;
  return (
    <Button
      kind="quiet"
      label={`Capture #${number}`}
      onClick={async () => {
        const { queued } = await api.queuePullRequest(repository_id, number);
        notify(
          queued === 0
            ? `The captures of #${number} are under way already.`
            : `${formatCount(queued, "capture")} of #${number} queued.`,
        );
      }}
    >
      Capture
    </Button>
  );
}
