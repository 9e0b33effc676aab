import type { Difference } from "../compare-rows.ts";
import { green, print, red } from "../print.ts";
import { printTable } from "../print-table.ts";
import type { TruthTable } from "../truth.ts";
import type { JobOutcome } from "./contender.ts";
import type { StormResult } from "./run-storm.ts";

const maxShown = 20;

const tables: readonly TruthTable[] = [
  "repositories",
  "pull_requests",
  "pull_request_files",
  "reviews",
  "comments",
  "accounts",
];

/** Prints the deliveries of the storm and the result of each contender. */
export function printStormResults(ours: StormResult, plain: StormResult | null): void {
  const { lost, arrived, copies, unanswered, refused, tampered } = ours.reception;
  print(
    `${lost} deliveries were lost and ${arrived} arrived: ${unanswered} got no answer, ${refused} were refused. ${copies} arrived a second time, ${tampered} a second time with a changed body.`,
  );
  if (ours.droppedEvents > 0) print(`The queue accepted and lost ${ours.droppedEvents} events.`);
  const contenders = plain ? [ours, plain] : [ours];
  printTable(
    ["", "pr-capture", ...(plain ? ["plain handler"] : [])],
    [
      ...tables.map((table) => [
        `${table}: missing, stale, ghost`,
        ...contenders.map((result) => countsOf(table, result)),
      ]),
      ["acknowledged", ...contenders.map(({ reception }) => reception.acknowledged.size)],
      ["acknowledged and lost", ...contenders.map(({ lostDeliveries }) => lostDeliveries?.size ?? "–")],
      ["runs completed twice", ...contenders.map(({ doubledRuns }) => doubledRuns ?? "–")],
      ["tampered, but not refused", ...contenders.map(({ reception }) => reception.tamperedAccepted)],
      ["repaired after", ...contenders.map(repairTime)],
      ["requests to GitHub", ...contenders.map(({ requests }) => requests.toLocaleString("en"))],
    ],
  );
}

/** Returns a sentence for each fault that a storm caused in pr-capture. */
export function findStormFaults({
  reception,
  repair,
  lostDeliveries,
  doubledRuns,
  unexpected,
}: StormResult): string[] {
  return [
    ...repair.differences.slice(0, maxShown).map(describe),
    ...(repair.differences.length > maxShown ? [`${repair.differences.length} rows differ in total.`] : []),
    ...[...(lostDeliveries ?? [])].slice(0, maxShown).map(describeLost),
    ...(doubledRuns ? [`${doubledRuns} events had more than one run that completed.`] : []),
    ...(reception.tamperedAccepted > 0
      ? [`${reception.tamperedAccepted} tampered deliveries were not refused.`]
      : []),
    ...unexpected.map((request) => `The fake GitHub lacks ${request}.`),
  ];
}

export function printFaults(faults: readonly string[], replay: string): void {
  if (faults.length === 0)
    return print(green("Every row is as GitHub has it, and no acknowledged delivery is lost."));
  print(red("Faults:"));
  for (const fault of faults) print(red(`  - ${fault}`));
  print(`Run again: ${replay}`);
}

function countsOf(table: TruthTable, { repair }: StormResult): string {
  const differing = repair.differences.filter((difference) => difference.table === table);
  return (["missing", "stale", "ghost"] as const)
    .map((kind) => differing.filter((difference) => difference.kind === kind).length)
    .join(" ");
}

function repairTime({ repair: { afterMs, rounds } }: StormResult): string {
  if (afterMs === null) return "never";
  return `${(afterMs / 1000).toFixed(1)} s, ${rounds === 1 ? "1 round" : `${rounds} rounds`}`;
}

function describeLost([id, jobs]: [string, readonly JobOutcome[]]): string {
  const outcomes = jobs.map(({ event_name: event, repository, number, state, message }) =>
    [`${event} ${repository}#${number} ${state}`, message].filter(Boolean).join(", "),
  );
  return `The delivery ${id} was acknowledged and lost: ${outcomes.join("; ") || "it has no job"}.`;
}

function describe({ table, kind, key, columns }: Difference): string {
  return [table, key, "is", kind, ...(columns.length > 0 ? [`in ${columns.join(", ")}`] : [])].join(" ");
}
