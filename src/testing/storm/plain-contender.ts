import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { compareRows } from "../compare-rows.ts";
import type { Truth, TruthTable } from "../truth.ts";
import type { Contender } from "./contender.ts";
import type { StormDatabase } from "./storm-database.ts";

/** Runs the plain handler in a worker thread, which can be killed like a process. It sends no requests to GitHub. */
export async function openPlainHandler(_githubUrl: string, database: StormDatabase): Promise<Contender> {
  async function start() {
    const worker = new Worker(new URL("./plain-handler.ts", import.meta.url), {
      workerData: database.environment,
    });
    const [url] = (await once(worker, "message")) as [string];
    return { worker, url };
  }
  let running = await start();

  return {
    webhooksUrl: () => `${running.url}/api/github/webhooks`,
    refusal: 400, // Probot's status
    async kill() {
      await running.worker.terminate();
      running = await start();
    },
    refuseEvents: () => {},
    dropEvents: () => {},
    droppedEvents: () => 0,
    fastForward: async () => {},
    idle: async () => {},
    reconcile: async () => false,
    inspect: (truth) =>
      database.read(async (rows) => {
        const readTable = async (table: TruthTable) => {
          const found = await rows.query<{ row: Record<string, unknown> }>(
            `select "row" from plain_rows where "table" = $1`,
            [table],
          );
          return found.map(({ row }) => row);
        };
        return { differences: await compareRows(withoutFiles(truth), readTable), jobs: null };
      }),
    doubledRuns: () => null,
    close: async () => void (await running.worker.terminate()),
  };
}

/** Removes the files, which no webhook contains. */
function withoutFiles(truth: Truth): Truth {
  return {
    ...truth,
    pull_request_files: [],
    pull_requests: truth.pull_requests.map(
      ({ files_head_sha: _head, files_base_ref: _base, files_truncated: _truncated, ...row }) => row,
    ),
  };
}
