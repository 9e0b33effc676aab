import type { Difference } from "../../../src/demo/compare-rows.ts";
import { green, print, red } from "../../../src/demo/print.ts";
import { printTable } from "../../../src/demo/print-table.ts";
import type { TruthTable } from "../../../src/demo/truth.ts";
import type { JobOutcome } from "./contender.ts";
import type { Aftermath } from "./run-storm.ts";

/** So many of the differences are shown. */
const shown = 20;

const tables: readonly TruthTable[] = [
  "repositories",
  "pull_requests",
  "pull_request_files",
  "reviews",
  "comments",
  "accounts",
];

/** What the storm was like, and what it left of each contender. */
export function printAftermath(ours: Aftermath, plain: Aftermath): void {
  const { lost, arrived, copies, unanswered, refused, tampered } = ours.reception;
  print(
    `${lost} deliveries never arrived and ${arrived} did: ${unanswered} of them got no answer, ${refused} were refused. ${copies} arrived twice, ${tampered} were tampered with on a second way.`,
  );
  const contenders = [ours, plain];
  printTable(
    ["", "pr-capture", "plain handler"],
    [
      ...tables.map((table) => [
        `${table}: missing, stale, ghost`,
        ...contenders.map((aftermath) => countsOf(table, aftermath)),
      ]),
      ["acknowledged", ...contenders.map(({ reception }) => reception.acknowledged.size)],
      ["acknowledged and lost", ...contenders.map(({ forgotten }) => forgotten?.size ?? "–")],
      ["runs completed twice", ...contenders.map(({ doubledRuns }) => doubledRuns ?? "–")],
      ["tampered, but not refused", ...contenders.map(({ reception }) => reception.deceived)],
      ["repaired after", ...contenders.map(repairTime)],
      ["requests to GitHub", ...contenders.map(({ requests }) => requests.toLocaleString("en"))],
    ],
  );
}

/** Everything that a storm must not do to pr-capture, a sentence each. None: it stood. */
export function findFaults({ reception, repair, forgotten, doubledRuns, unexpected }: Aftermath): string[] {
  return [
    ...repair.differences.slice(0, shown).map(describe),
    ...(repair.differences.length > shown ? [`${repair.differences.length} rows differ in all.`] : []),
    ...[...(forgotten ?? [])].slice(0, shown).map(describeForgotten),
    ...(doubledRuns ? [`${doubledRuns} events had more than one run that completed.`] : []),
    ...(reception.deceived > 0 ? [`${reception.deceived} tampered deliveries were not refused.`] : []),
    ...unexpected.map((request) => `GitHub was asked for what the stand-in does not know: ${request}`),
  ];
}

export function printVerdict(faults: readonly string[], replay: string): void {
  if (faults.length === 0)
    return print(green("Every row is as GitHub has it, and no acknowledged delivery is lost."));
  print(red("The storm has left its mark:"));
  for (const fault of faults) print(red(`  - ${fault}`));
  print(`Again: ${replay}`);
}

function countsOf(table: TruthTable, { repair }: Aftermath): string {
  const differing = repair.differences.filter((difference) => difference.table === table);
  return (["missing", "stale", "ghost"] as const)
    .map((kind) => differing.filter((difference) => difference.kind === kind).length)
    .join(" ");
}

function repairTime({ repair: { afterMs, rounds } }: Aftermath): string {
  if (afterMs === null) return "never";
  return `${(afterMs / 1000).toFixed(1)} s, ${rounds === 1 ? "1 round" : `${rounds} rounds`}`;
}

function describeForgotten([id, jobs]: [string, readonly JobOutcome[]]): string {
  const outcomes = jobs.map(({ state, message }) => (message ? `${state}, ${message}` : state));
  return `The delivery ${id} was acknowledged and lost: ${outcomes.join("; ") || "it has no job"}.`;
}

function describe({ table, kind, key, columns }: Difference): string {
  return [table, key, "is", kind, ...(columns.length > 0 ? [`in ${columns.join(", ")}`] : [])].join(" ");
}
