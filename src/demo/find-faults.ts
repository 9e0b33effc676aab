import { compareRows, type Difference } from "./compare-rows.ts";
import type { GitHub } from "./github/index.ts";
import type { Sending } from "./postman.ts";
import type { RunningPrCapture } from "./start-pr-capture.ts";
import { toTruth } from "./truth.ts";

/** Everything that is not as it should be once all is captured, a sentence each. */
export async function findFaults(
  github: GitHub,
  { rows }: RunningPrCapture,
  sendings: readonly Sending[],
): Promise<string[]> {
  const jobs = await rows.query<Job>(
    "select event_name, number, state, error from capture.jobs where state <> 'completed' order by id",
  );
  const differences = await compareRows(toTruth(github), (table) =>
    rows.query(`select * from github.${table}`),
  );
  return [
    ...sendings.filter(({ status }) => status !== 200).map(aboutSending),
    ...github.unexpected.map((request) => `GitHub was asked for what it does not know: ${request}`),
    ...jobs.map(aboutJob),
    ...differences.map(aboutDifference),
  ];
}

interface Job {
  event_name: string;
  number: number;
  state: string;
  error: unknown;
}

function aboutSending({ delivery: { id, name, payload }, status }: Sending): string {
  return `The webhook ${name}.${payload.action} (${id}) was answered ${status}.`;
}

function aboutJob({ event_name, number, state, error }: Job): string {
  return `The job ${event_name} of #${number} is ${state}: ${JSON.stringify(error)}`;
}

function aboutDifference({ table, kind, key, columns }: Difference): string {
  if (kind === "missing") return `${table} lacks ${key}.`;
  if (kind === "ghost") return `${table} has ${key}, which GitHub has not.`;
  return `${table} ${key} differs in ${columns.join(", ")}.`;
}
