import { compareRows, type Difference } from "../testing/compare-rows.ts";
import type { FakeGitHub } from "../fake-github/index.ts";
import type { SentDelivery } from "./postman.ts";
import type { RunningPrCapture } from "../testing/start-pr-capture.ts";
import { toTruth } from "../testing/truth.ts";

/** Returns a sentence for each fault after everything is captured. */
export async function findFaults(
  github: FakeGitHub,
  { rows }: RunningPrCapture,
  sent: readonly SentDelivery[],
): Promise<string[]> {
  const jobs = await rows.query<Job>(
    "select event_name, number, state, error from capture.jobs where state <> 'completed' order by id",
  );
  const differences = await compareRows(toTruth(github), (table) =>
    rows.query(`select * from github.${table}`),
  );
  return [
    ...sent.filter(({ status }) => status !== 200).map(describeSent),
    ...github.unexpected.map((request) => `The fake GitHub lacks ${request}.`),
    ...jobs.map(describeJob),
    ...differences.map(describeDifference),
  ];
}

interface Job {
  event_name: string;
  number: number;
  state: string;
  error: unknown;
}

function describeSent({ delivery: { id, name, payload }, status }: SentDelivery): string {
  return `The webhook ${name}.${payload.action} (${id}) was answered ${status}.`;
}

function describeJob({ event_name, number, state, error }: Job): string {
  return `The job ${event_name} of #${number} is ${state}: ${JSON.stringify(error)}`;
}

function describeDifference({ table, kind, key, columns }: Difference): string {
  if (kind === "missing") return `${table} lacks ${key}.`;
  if (kind === "ghost") return `${table} has ${key}, which GitHub does not have.`;
  return `${table} ${key} differs in ${columns.join(", ")}.`;
}
