import type { SqlAnswer } from "../../../api/console-contract.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/page.tsx";
import { formatCount, formatDuration } from "../../format.ts";
import { disarmFormulas } from "./disarm-formulas.ts";
import { download } from "./download.ts";
import { ResultGrid } from "./result-grid.tsx";
import { toCsv } from "../../../client/to-csv.ts";
import type { Run } from "./use-run.ts";

type ShownRun = Exclude<Run, { is: "idle" | "failed" }>;

/** The outcome of a query. The message of a failed one shows at the query box instead. */
export function RunOutcome({ run }: { run: ShownRun }) {
  return (
    <section class="sql-outcome" aria-label="Result">
      <div class="sql-outcome-bar">
        <output>{describeRun(run)}</output>
        {run.is === "done" && run.answer.rows.length > 0 && (
          <Button onClick={() => saveCsv(run.answer)}>Download CSV</Button>
        )}
      </div>
      {run.is === "done" && run.answer.truncated && (
        <p class="callout warn">
          The query has more rows than these. Raise the limit, or narrow the query with <code>where</code>.
        </p>
      )}
      {run.is === "done" && <Rows answer={run.answer} />}
    </section>
  );
}

function Rows({ answer }: { answer: SqlAnswer }) {
  const { columns, rows } = answer;
  if (rows.length > 0 && columns.length > 0) return <ResultGrid answer={answer} />;
  if (columns.length === 0) return <Empty title="The query returns no columns." />;
  return (
    <Empty title="The query returns no rows.">
      <p>Its columns are {columns.map(({ name }) => name).join(", ")}.</p>
    </Empty>
  );
}

function describeRun(run: ShownRun): string {
  switch (run.is) {
    case "running":
      return "Running…";
    case "stopped":
      return "Stopped.";
    case "done": {
      const { rows, truncated, duration_ms } = run.answer;
      return `${truncated ? "The first " : ""}${formatCount(rows.length, "row")} in ${formatDuration(duration_ms)}`;
    }
  }
}

function saveCsv(answer: SqlAnswer): void {
  const date = new Date().toISOString().slice(0, 10);
  download(`pr-capture-${date}.csv`, toCsv(disarmFormulas(answer)), "text/csv");
}
